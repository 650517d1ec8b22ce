// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vga.h"

#include <stddef.h>
#include <stdint.h>

#include "io.h"

enum {
  COLUMNS = 80,
  CELLS = 80 * 25,
  GREY_ON_BLACK = 0x0700,
  // Ports and registers: IBM VGA technical reference; index port first, data port right after it.
  ATTRIBUTE_INDEX = 0x3c0,
  MISC_OUTPUT = 0x3c2,
  SEQUENCER_INDEX = 0x3c4,
  PIXEL_MASK = 0x3c6,
  GRAPHICS_INDEX = 0x3ce,
  CRTC_INDEX = 0x3d4,
  INPUT_STATUS = 0x3da,  // reading it makes the attribute port take an index next
  CRTC_CURSOR_HIGH = 0x0e,
  CRTC_CURSOR_LOW = 0x0f,
  CRTC_RETRACE_END = 0x11,  // bit 7 write-protects registers 0 to 7
  ATTRIBUTE_SCREEN_ON = 0x20,
  // Bochs' and QEMU's VBE extension: index, data; register 4 is "enable".
  VBE_INDEX = 0x1ce,
  VBE_DATA = 0x1cf,
  VBE_ENABLE = 4,
};

static volatile uint16_t* screen(void) {
  uintptr_t address = 0xb8000;
  __asm__("" : "+r"(address));  // an address the compiler cannot judge
  return (volatile uint16_t*)address;
}

static uint8_t crtc_read(uint8_t index) {
  port_write(CRTC_INDEX, index);
  return port_read(CRTC_INDEX + 1);
}

static void indexed_write(uint16_t port, uint8_t index, uint8_t value) {
  port_write(port, index);
  port_write((uint16_t)(port + 1), value);
}

static void scroll(void) {
  for (unsigned i = 0; i < CELLS - COLUMNS; i++) screen()[i] = screen()[i + COLUMNS];
  for (unsigned i = CELLS - COLUMNS; i < CELLS; i++) screen()[i] = GREY_ON_BLACK | ' ';
}

void vga_put(char character) {
  unsigned cursor = (unsigned)crtc_read(CRTC_CURSOR_HIGH) << 8 | crtc_read(CRTC_CURSOR_LOW);
  if (cursor >= CELLS) cursor = CELLS - COLUMNS;
  if (character == '\n') {
    cursor += COLUMNS - cursor % COLUMNS;
  } else {
    screen()[cursor] = (uint16_t)(GREY_ON_BLACK | (uint8_t)character);
    cursor++;
  }
  if (cursor >= CELLS) {
    scroll();
    cursor -= COLUMNS;
  }
  indexed_write(CRTC_INDEX, CRTC_CURSOR_HIGH, (uint8_t)(cursor >> 8));
  indexed_write(CRTC_INDEX, CRTC_CURSOR_LOW, (uint8_t)cursor);
}

void vga_reset(void) {
  // The register values of mode 3, in index order.
  static const uint8_t sequencer[] = {0x03, 0x00, 0x03, 0x00, 0x02};
  static const uint8_t crtc[] = {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00,
                                 0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff};
  static const uint8_t graphics[] = {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff};
  static const uint8_t attributes[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a,
                                       0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08, 0x00};
  port_write16(VBE_INDEX, VBE_ENABLE);
  port_write16(VBE_DATA, 0);
  port_write(MISC_OUTPUT, 0x67);
  for (unsigned i = 0; i < sizeof(sequencer); i++) indexed_write(SEQUENCER_INDEX, (uint8_t)i, sequencer[i]);
  indexed_write(CRTC_INDEX, CRTC_RETRACE_END, crtc[CRTC_RETRACE_END] & 0x7f);
  for (unsigned i = 0; i < sizeof(crtc); i++) indexed_write(CRTC_INDEX, (uint8_t)i, crtc[i]);
  for (unsigned i = 0; i < sizeof(graphics); i++) indexed_write(GRAPHICS_INDEX, (uint8_t)i, graphics[i]);
  for (unsigned i = 0; i < sizeof(attributes); i++) {
    (void)port_read(INPUT_STATUS);
    port_write(ATTRIBUTE_INDEX, (uint8_t)i);
    port_write(ATTRIBUTE_INDEX, attributes[i]);
  }
  (void)port_read(INPUT_STATUS);
  port_write(ATTRIBUTE_INDEX, ATTRIBUTE_SCREEN_ON);
  port_write(PIXEL_MASK, 0xff);
  for (unsigned i = 0; i < CELLS; i++) screen()[i] = GREY_ON_BLACK | ' ';
}
