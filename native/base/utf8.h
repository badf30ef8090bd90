// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <string>
#include <string_view>

namespace w2v {

// What some editors put at the beginning of a file; it belongs to no word.
inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

bool is_valid_utf8(std::string_view text);

// The text with each piece that is not UTF-8 (a maximal subpart, Unicode 15, section 3.9: what Python and browsers take
// for one) replaced; an empty replacement leaves it out.
std::string repaired_utf8(std::string_view text, std::string_view replacement);

}  // namespace w2v
