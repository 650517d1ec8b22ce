// SPDX-License-Identifier: LGPL-2.1-or-later
// Visibility of the public names: the library is built with hidden visibility, so a namespace opened as
// `namespace KEXEC_PUBLIC kexec {` in a public header is what libkexec.so exports.
#pragma once

#define KEXEC_PUBLIC __attribute__((visibility("default")))
