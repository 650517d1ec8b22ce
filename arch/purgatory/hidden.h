// SPDX-License-Identifier: LGPL-2.1-or-later
// Included before everything else (compiler option -include): declarations too, not only definitions, are
// this blob's own, so that no compiler goes through a table of addresses to reach them.
#pragma GCC visibility push(hidden)
