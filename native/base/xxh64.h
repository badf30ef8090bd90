// The checksum of our file formats.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace w2v {

// XXH64, from its public specification (Collet, xxHash fast digest algorithm, v0.1.1); little-endian machines.
// For several pieces, the hash of one is the seed of the next.
inline uint64_t xxh64(const void* data, size_t size, uint64_t seed = 0) {
  constexpr uint64_t p1 = 0x9E3779B185EBCA87, p2 = 0xC2B2AE3D27D4EB4F, p3 = 0x165667B19E3779F9, p4 = 0x85EBCA77C2B2AE63,
                     p5 = 0x27D4EB2F165667C5;
  const char* p = static_cast<const char*>(data);
  const auto read = [&p]<class T>(T) {
    T value;
    std::memcpy(&value, p, sizeof value);
    p += sizeof value;
    return uint64_t{value};
  };
  const auto round = [](uint64_t lane, uint64_t input) { return std::rotl(lane + input * p2, 31) * p1; };
  size_t left = size;
  uint64_t h = seed + p5;
  if (left >= 32) {
    uint64_t lanes[4] = {seed + p1 + p2, seed + p2, seed, seed - p1};
    for (; left >= 32; left -= 32)
      for (uint64_t& lane : lanes) lane = round(lane, read(uint64_t{}));
    h = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (const uint64_t lane : lanes) h = (h ^ round(0, lane)) * p1 + p4;
  }
  h += size;
  for (; left >= 8; left -= 8) h = std::rotl(h ^ round(0, read(uint64_t{})), 27) * p1 + p4;
  for (; left >= 4; left -= 4) h = std::rotl(h ^ (read(uint32_t{}) * p1), 23) * p2 + p3;
  for (; left > 0; --left) h = std::rotl(h ^ (read(uint8_t{}) * p5), 11) * p1;
  h = (h ^ (h >> 33)) * p2;
  h = (h ^ (h >> 29)) * p3;
  return h ^ (h >> 32);
}

}  // namespace w2v
