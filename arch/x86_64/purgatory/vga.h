// SPDX-License-Identifier: LGPL-2.1-or-later
// The VGA text screen, 80 columns by 25 lines at 0xb8000.
#pragma once

// Writes a character at the cursor, which lives in the hardware; scrolls at the end of the screen.
void vga_put(char character);

// Programs the VGA for its 80x25 colour text mode (BIOS mode 3). The character shapes in its memory stay: if
// graphics have overwritten them, text is not readable.
void vga_reset(void);
