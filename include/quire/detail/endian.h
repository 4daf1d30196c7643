// Numbers in memory: loads and stores of any alignment, in either byte order.
//
// Lifetime: nothing is kept. Thread: pure functions.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace quire::detail {

/// What can be read from bytes and written to them: any pattern of bits is a value. So not bool, of
/// which only two are.
template <class T>
concept Number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && !std::is_const_v<T> &&
                 !std::is_same_v<T, long double>;

template <Number T>
using Bits = std::conditional_t<
    sizeof(T) == 1, std::uint8_t,
    std::conditional_t<sizeof(T) == 2, std::uint16_t,
                       std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;

// Written so that compilers see one instruction; in a loop over the bytes they do not.
constexpr std::uint8_t reversed(std::uint8_t bits) noexcept {
  return bits;
}

constexpr std::uint16_t reversed(std::uint16_t bits) noexcept {
  return static_cast<std::uint16_t>(bits << 8 | bits >> 8);
}

constexpr std::uint32_t reversed(std::uint32_t bits) noexcept {
  return bits << 24 | (bits & 0xff00) << 8 | (bits >> 8 & 0xff00) | bits >> 24;
}

constexpr std::uint64_t reversed(std::uint64_t bits) noexcept {
  const auto low = static_cast<std::uint32_t>(bits);
  const auto high = static_cast<std::uint32_t>(bits >> 32);
  return std::uint64_t{reversed(low)} << 32 | reversed(high);
}

/// REQUIRES: sizeof(T) bytes at `from`
template <Number T>
[[nodiscard]] T load(const std::byte* from, std::endian order = std::endian::native) noexcept {
  Bits<T> bits;
  std::memcpy(&bits, from, sizeof(T));
  return std::bit_cast<T>(order == std::endian::native ? bits : reversed(bits));
}

/// REQUIRES: room for sizeof(T) bytes at `to`
template <Number T>
void store(std::byte* to, T value, std::endian order = std::endian::native) noexcept {
  auto bits = std::bit_cast<Bits<T>>(value);
  if (order != std::endian::native) bits = reversed(bits);
  std::memcpy(to, &bits, sizeof(T));
}

}  // namespace quire::detail
