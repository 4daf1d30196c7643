// SliceBound: one end of a Python slice, and how a pair of them picks a range.
//
// Lifetime: values. Thread: values, no sharing.
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <type_traits>

#include "quire/detail/export.h"
#include "quire/error.h"

namespace quire {

/// "Not there": what `find` returns when it finds nothing, and as an unsigned bound "to the end".
inline constexpr std::size_t npos = std::numeric_limits<std::size_t>::max();

/// One end of a slice. Signed values count from the end when negative; unsigned ones never do, they
/// clamp, so that `slice(0, find(x))` keeps everything when x is absent. `std::nullopt` is the end
/// left out, as in `b[:3]`.
class SliceBound {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a parameter type that arguments become by themselves
  constexpr SliceBound(std::nullopt_t) noexcept : omitted_(true) {}

  template <std::integral T>

  requires(!std::same_as<T, bool>) constexpr SliceBound(T value) noexcept {
    if constexpr (std::is_unsigned_v<T>) {
      constexpr auto kMax = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());
      value_ = value > kMax ? std::numeric_limits<std::ptrdiff_t>::max()
                            : static_cast<std::ptrdiff_t>(value);
    } else {
      value_ = static_cast<std::ptrdiff_t>(value);
    }
  }
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] constexpr bool omitted() const noexcept { return omitted_; }

  [[nodiscard]] constexpr std::ptrdiff_t value() const noexcept { return value_; }

 private:
  std::ptrdiff_t value_ = 0;
  bool omitted_ = false;
};

namespace detail {

/// A contiguous part: `offset + count <= size` of what it was resolved against.
struct Range {
  std::size_t offset = 0;
  std::size_t count = 0;
};

/// A strided part: `count` items from `start`, `step` apart.
struct StridedRange {
  std::ptrdiff_t start = 0;
  std::ptrdiff_t step = 1;
  std::size_t count = 0;
};

constexpr std::size_t clamp_bound(SliceBound bound, std::size_t size,
                                  std::size_t omitted) noexcept {
  if (bound.omitted()) return omitted;
  if (bound.value() >= 0) {
    const auto value = static_cast<std::size_t>(bound.value());
    return value < size ? value : size;
  }
  // Negating as unsigned is right for the smallest value too.
  const std::size_t back = std::size_t{0} - static_cast<std::size_t>(bound.value());
  return back < size ? size - back : 0;
}

/// Python's `range(*slice(start, stop).indices(size))` as offset and count.
constexpr Range resolve(SliceBound start, SliceBound stop, std::size_t size) noexcept {
  const std::size_t from = clamp_bound(start, size, 0);
  const std::size_t to = clamp_bound(stop, size, size);
  return {from, to > from ? to - from : 0};
}

/// Python's `slice(start, stop, step).indices(size)`.
/// Errors: std::invalid_argument when step is 0.
QUIRE_API StridedRange resolve(SliceBound start, SliceBound stop, std::ptrdiff_t step,
                               std::size_t size);

/// Offset of the item `index`; only a signed one counts from the end.
/// Errors: std::out_of_range.
template <std::integral T>
constexpr std::size_t resolve_index(T index, std::size_t size) {
  auto offset = static_cast<std::size_t>(index);
  if (std::is_signed_v<T> && index < T{}) offset += size;
  if (offset >= size) [[unlikely]] {
    throw_index(static_cast<std::ptrdiff_t>(index), size);
  }
  return offset;
}

/// Errors: std::out_of_range unless `count` bytes at `offset` are within `size`.
constexpr void check_range(std::size_t offset, std::size_t count, std::size_t size) {
  if (count > size || offset > size - count) [[unlikely]] {
    throw_range(offset, count, size);
  }
}

}  // namespace detail
}  // namespace quire
