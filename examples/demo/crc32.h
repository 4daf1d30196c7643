// CRC-32 as PNG and ZIP use it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quire/byte_span.h"

namespace demo {

constexpr std::array<std::uint32_t, 256> crc32_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1) != 0 ? 0xEDB88320U ^ (value >> 1) : value >> 1;
    }
    table[i] = value;
  }
  return table;
}

inline std::uint32_t crc32(quire::ByteSpan bytes) noexcept {
  static constexpr std::array<std::uint32_t, 256> kTable = crc32_table();
  std::uint32_t value = 0xFFFFFFFFU;
  for (const std::byte b : bytes) {
    value = kTable[(value ^ std::to_integer<std::uint32_t>(b)) & 0xFF] ^ (value >> 8);
  }
  return ~value;
}

}  // namespace demo
