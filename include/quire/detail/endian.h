// Numbers in memory: loads and stores of any alignment, in either byte order.
//
// Lifetime: nothing is kept. Thread: pure functions.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace quire::detail {

/// What can be read from bytes and written to them: any pattern of bits is a value. So not bool, of
/// which only two are.
template <class T>
concept Number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && !std::is_const_v<T> &&
                 !std::is_same_v<T, long double>;

/// REQUIRES: sizeof(T) bytes at `from`
template <Number T>
[[nodiscard]] T load(const std::byte* from, std::endian order = std::endian::native) noexcept {
  std::byte bytes[sizeof(T)];
  if (order == std::endian::native) {
    std::memcpy(bytes, from, sizeof(T));
  } else {
    std::reverse_copy(from, from + sizeof(T), bytes);
  }
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

/// REQUIRES: room for sizeof(T) bytes at `to`
template <Number T>
void store(std::byte* to, T value, std::endian order = std::endian::native) noexcept {
  std::byte bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  if (order == std::endian::native) {
    std::memcpy(to, bytes, sizeof(T));
  } else {
    std::reverse_copy(bytes, bytes + sizeof(T), to);
  }
}

}  // namespace quire::detail
