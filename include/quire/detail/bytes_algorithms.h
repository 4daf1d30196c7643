// What Python's bytes can do, as functions on ByteSpan that answer with offsets, parts or new
// Bytes.
//
// Bytes, ByteArray and the views give these as methods (detail/byte_methods.h); streams call them
// directly. A part is a Range of the span it was found in, so that each caller can share, copy or
// view it.
//
// Lifetime: nothing is kept; new Bytes own their memory. Thread: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/byte_span.h"
#include "quire/detail/export.h"
#include "quire/slice.h"

namespace quire {

class Bytes;

}  // namespace quire

namespace quire::detail::algo {

// --- searching -----------------------------------------------------------------------------------

/// The part that `find(needle, start, stop)` looks into; none when it starts behind its own end,
/// where even an empty needle is not found.
[[nodiscard]] constexpr std::optional<Range> window(SliceBound start, SliceBound stop,
                                                    std::size_t size) noexcept {
  if (!start.omitted() && start.value() > 0 && static_cast<std::size_t>(start.value()) > size) {
    return std::nullopt;
  }
  const std::size_t from = clamp_bound(start, size, 0);
  const std::size_t to = clamp_bound(stop, size, size);
  if (from > to) return std::nullopt;
  return Range{from, to - from};
}

/// Offset of the first `needle` in `text`, or npos. An empty one is found at 0.
/// Cost: memchr or memmem.
[[nodiscard]] QUIRE_API std::size_t find(ByteSpan text, ByteSpan needle) noexcept;

/// The same within [start, stop); the offset counts from the beginning of `text`.
[[nodiscard]] QUIRE_API std::size_t find(ByteSpan text, ByteSpan needle, SliceBound start,
                                         SliceBound stop) noexcept;

/// Offset of the last `needle` in `text`, or npos. An empty one is found at the end.
[[nodiscard]] QUIRE_API std::size_t rfind(ByteSpan text, ByteSpan needle) noexcept;
[[nodiscard]] QUIRE_API std::size_t rfind(ByteSpan text, ByteSpan needle, SliceBound start,
                                          SliceBound stop) noexcept;

/// find() or rfind() that throws std::invalid_argument naming the needle.
[[nodiscard]] QUIRE_API std::size_t index(ByteSpan text, ByteSpan needle, SliceBound start,
                                          SliceBound stop);
[[nodiscard]] QUIRE_API std::size_t rindex(ByteSpan text, ByteSpan needle, SliceBound start,
                                           SliceBound stop);

/// Occurrences that do not overlap. An empty needle is between any two bytes and at both ends.
[[nodiscard]] QUIRE_API std::size_t count(ByteSpan text, ByteSpan needle, SliceBound start,
                                          SliceBound stop) noexcept;

[[nodiscard]] QUIRE_API bool startswith(ByteSpan text, ByteSpan prefix, SliceBound start,
                                        SliceBound stop) noexcept;
[[nodiscard]] QUIRE_API bool endswith(ByteSpan text, ByteSpan suffix, SliceBound start,
                                      SliceBound stop) noexcept;

/// Below, at or above zero, as memcmp and then the shorter first.
[[nodiscard]] inline int compare(ByteSpan a, ByteSpan b) noexcept {
  const std::size_t common = a.size() < b.size() ? a.size() : b.size();
  const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  if (order != 0) return order;
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

/// Copies the items of a strided part one behind the other.
inline void copy_strided(std::byte* to, const std::byte* from, StridedRange part) noexcept {
  for (std::size_t i = 0; i < part.count; ++i) {
    to[i] = from[part.start + static_cast<std::ptrdiff_t>(i) * part.step];
  }
}

/// Fills [once, size) with copies of [0, once).
/// REQUIRES: once <= size, and size == 0 when once is
inline void repeat_over(std::byte* data, std::size_t once, std::size_t size) noexcept {
  // Doubling what is there: a handful of large copies instead of many small ones.
  for (std::size_t done = once; done < size;) {
    const std::size_t step = done < size - done ? done : size - done;
    std::memcpy(data + done, data, step);
    done += step;
  }
}

// --- parts ---------------------------------------------------------------------------------------

/// The parts between separators, at most `maxsplit` cuts unless that is negative. Without a
/// separator runs of whitespace separate, and there are no empty parts. Errors:
/// std::invalid_argument for an empty separator; std::bad_alloc.
[[nodiscard]] QUIRE_API std::vector<Range> split(ByteSpan text, std::optional<ByteSpan> separator,
                                                 std::ptrdiff_t maxsplit);

/// The same, cutting from the end.
[[nodiscard]] QUIRE_API std::vector<Range> rsplit(ByteSpan text, std::optional<ByteSpan> separator,
                                                  std::ptrdiff_t maxsplit);

/// The lines, which end at "\n", "\r" or "\r\n".
[[nodiscard]] QUIRE_API std::vector<Range> splitlines(ByteSpan text, bool keepends);

/// What is before the first separator, the separator, what follows; {all, empty, empty} without
/// one. Errors: std::invalid_argument for an empty separator.
[[nodiscard]] QUIRE_API std::array<Range, 3> partition(ByteSpan text, ByteSpan separator);

/// The same for the last separator; {empty, empty, all} without one.
[[nodiscard]] QUIRE_API std::array<Range, 3> rpartition(ByteSpan text, ByteSpan separator);

/// Python's whitespace in bytes.
[[nodiscard]] inline ByteSpan whitespace() noexcept {
  return " \t\n\r\v\f";
}

/// What is left when bytes of `set` are taken off an end.
[[nodiscard]] QUIRE_API Range lstrip(ByteSpan text, ByteSpan set) noexcept;
[[nodiscard]] QUIRE_API Range rstrip(ByteSpan text, ByteSpan set) noexcept;
[[nodiscard]] QUIRE_API Range strip(ByteSpan text, ByteSpan set) noexcept;

[[nodiscard]] QUIRE_API Range removeprefix(ByteSpan text, ByteSpan prefix) noexcept;
[[nodiscard]] QUIRE_API Range removesuffix(ByteSpan text, ByteSpan suffix) noexcept;

// --- new bytes -----------------------------------------------------------------------------------
// Errors: std::bad_alloc, std::length_error past the largest size.

/// At most `count` replacements unless that is negative.
[[nodiscard]] QUIRE_API Bytes replace(ByteSpan text, ByteSpan before, ByteSpan after,
                                      std::ptrdiff_t count);

[[nodiscard]] QUIRE_API Bytes join(ByteSpan separator, std::span<const ByteSpan> parts);
[[nodiscard]] QUIRE_API Bytes concatenate(ByteSpan a, ByteSpan b);

/// `count` times `text`, nothing when it is negative.
[[nodiscard]] QUIRE_API Bytes repeat(ByteSpan text, std::ptrdiff_t count);

/// Errors: std::invalid_argument unless the table has 256 bytes.
[[nodiscard]] QUIRE_API Bytes translate(ByteSpan text, std::optional<ByteSpan> table,
                                        ByteSpan remove);

/// Errors: std::invalid_argument unless both have the same size.
[[nodiscard]] QUIRE_API Bytes maketrans(ByteSpan from, ByteSpan to);

[[nodiscard]] QUIRE_API Bytes upper(ByteSpan text);
[[nodiscard]] QUIRE_API Bytes lower(ByteSpan text);
[[nodiscard]] QUIRE_API Bytes swapcase(ByteSpan text);
[[nodiscard]] QUIRE_API Bytes title(ByteSpan text);
[[nodiscard]] QUIRE_API Bytes capitalize(ByteSpan text);

/// Errors: TypeError unless `fill` is one byte.
[[nodiscard]] QUIRE_API Bytes center(ByteSpan text, std::ptrdiff_t width, ByteSpan fill);
[[nodiscard]] QUIRE_API Bytes ljust(ByteSpan text, std::ptrdiff_t width, ByteSpan fill);
[[nodiscard]] QUIRE_API Bytes rjust(ByteSpan text, std::ptrdiff_t width, ByteSpan fill);

/// Zeros in front, but behind a sign.
[[nodiscard]] QUIRE_API Bytes zfill(ByteSpan text, std::ptrdiff_t width);

[[nodiscard]] QUIRE_API Bytes expandtabs(ByteSpan text, std::ptrdiff_t tabsize);

/// Errors: std::invalid_argument naming the position of what is not a hexadecimal pair.
[[nodiscard]] QUIRE_API Bytes fromhex(std::string_view digits);

// --- questions -----------------------------------------------------------------------------------
// All but isascii are false when there is no byte; letters and digits are ASCII's.

[[nodiscard]] QUIRE_API bool isalnum(ByteSpan text) noexcept;
[[nodiscard]] QUIRE_API bool isalpha(ByteSpan text) noexcept;
[[nodiscard]] QUIRE_API bool isascii(ByteSpan text) noexcept;
[[nodiscard]] QUIRE_API bool isdigit(ByteSpan text) noexcept;
[[nodiscard]] QUIRE_API bool islower(ByteSpan text) noexcept;
[[nodiscard]] QUIRE_API bool isspace(ByteSpan text) noexcept;
[[nodiscard]] QUIRE_API bool istitle(ByteSpan text) noexcept;
[[nodiscard]] QUIRE_API bool isupper(ByteSpan text) noexcept;

// --- as text -------------------------------------------------------------------------------------

/// Two digits a byte.
[[nodiscard]] QUIRE_API std::string hex(ByteSpan text);

/// With `separator` between groups of `bytes_per_sep` bytes, counted from the end when positive and
/// from the beginning when negative.
/// Errors: std::invalid_argument unless the separator is one ASCII character.
[[nodiscard]] QUIRE_API std::string hex(ByteSpan text, std::string_view separator,
                                        std::ptrdiff_t bytes_per_sep);

/// Python's literal: `b'...'`, in double quotes when there are single ones and no double ones.
[[nodiscard]] QUIRE_API std::string repr(ByteSpan text);

/// The same for a message: of long bytes the beginning, and how many there are.
[[nodiscard]] std::string short_repr(ByteSpan text);

}  // namespace quire::detail::algo
