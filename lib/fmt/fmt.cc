// SPDX-License-Identifier: LGPL-2.1-or-later
// The functions fmt declares in format.h and defines in format-inl.h, compiled once for the whole tree.
// Without its support of locales, which nothing here asks for ({:L}) and which would link 400 KB of the
// standard library.
#define FMT_STATIC_THOUSANDS_SEPARATOR ','
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {

// fmt 10 renamed what fmt 9 (Debian 12) has.
#if FMT_VERSION >= 100000
using FormatArguments = vformat_args<>::type;
#else
using FormatArguments = basic_format_args<FMT_BUFFER_CONTEXT(char)>;
#endif

template FMT_API auto dragonbox::to_decimal(float x) noexcept -> dragonbox::decimal_fp<float>;
template FMT_API auto dragonbox::to_decimal(double x) noexcept -> dragonbox::decimal_fp<double>;
template FMT_API auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl(locale_ref) -> char;
template FMT_API void buffer<char>::append(const char*, const char*);
template FMT_API void vformat_to(buffer<char>&, string_view, FormatArguments, locale_ref);

}  // namespace detail
FMT_END_NAMESPACE
