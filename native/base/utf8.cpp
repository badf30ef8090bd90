#include "base/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace w2v {

namespace {

struct Piece {
  size_t bytes;
  bool valid;
};

// The character at the beginning of a text that is not empty, or the longest beginning of one.
Piece first_piece(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  unsigned low = 0x80, high = 0xBF;  // what the second byte may be
  size_t length;
  if (lead < 0x80) {
    length = 1;
  } else if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  for (size_t k = 1; k < length; ++k) {
    if (k >= text.size() || byte(k) < low || byte(k) > high) return {k, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (text.size() >= sizeof(uint64_t)) {  // ASCII by eight bytes
    uint64_t eight;
    std::memcpy(&eight, text.data(), sizeof eight);
    if ((eight & 0x8080808080808080) != 0) break;
    text.remove_prefix(sizeof eight);
  }
  while (!text.empty()) {
    const Piece piece = first_piece(text);
    if (!piece.valid) return false;
    text.remove_prefix(piece.bytes);
  }
  return true;
}

std::string repaired_utf8(std::string_view text, std::string_view replacement) {
  std::string repaired;
  while (!text.empty()) {
    const Piece piece = first_piece(text);
    repaired += piece.valid ? text.substr(0, piece.bytes) : replacement;
    text.remove_prefix(piece.bytes);
  }
  return repaired;
}

}  // namespace w2v
