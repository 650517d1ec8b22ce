// SPDX-License-Identifier: LGPL-2.1-or-later
// Visibility of the public names: the library is built with hidden visibility; what a public header declares
// between these two is what libkexec.so exports. (An attribute of the namespace would do for GCC; clang takes
// it from the first opening of the namespace in a translation unit alone.)
#pragma once

#define KEXEC_PUBLIC_BEGIN _Pragma("GCC visibility push(default)")
#define KEXEC_PUBLIC_END _Pragma("GCC visibility pop")
