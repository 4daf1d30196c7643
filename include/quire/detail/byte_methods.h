// The methods that Bytes, ByteArray and the views have in common, as bases of one line each over
// detail/bytes_algorithms.h.
//
//   SearchMethods<Self>       find ... endswith, typed reads     Self: span()
//   PieceMethods<Self>        split ... removesuffix             Self: span(), piece(Range)
//   MakeMethods<Self, Made>   replace ... decode                 Self: span(); Made: from Bytes&&
//   OrderMethods<Self>        == and <=> by content              Self: span()
//
// `span()` is all bytes as a ByteSpan; a view that is not contiguous throws from it. `piece()` is a
// part as a Self. Python's slice rules hold for every start and stop.
//
// Lifetime: pieces and made results live by themselves. Thread: const, as their class.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "quire/byte_span.h"
#include "quire/detail/bytes_algorithms.h"
#include "quire/detail/endian.h"
#include "quire/detail/export.h"
#include "quire/slice.h"

namespace quire::detail {

// As in detail/codec.h, which few who include this need.
[[nodiscard]] QUIRE_API std::string decode(ByteSpan bytes, std::string_view encoding,
                                           std::string_view errors);

template <class Self>
class SearchMethods {
 public:
  /// Offset of the first `needle` in [start, stop), or npos. An empty one is found at the start.
  /// Cost: memchr or memmem.
  [[nodiscard]] std::size_t find(ByteSpan needle, SliceBound start = std::nullopt,
                                 SliceBound stop = std::nullopt) const {
    return algo::find(span(), needle, start, stop);
  }

  [[nodiscard]] std::size_t find(std::byte needle, SliceBound start = std::nullopt,
                                 SliceBound stop = std::nullopt) const {
    return find(ByteSpan(&needle, 1), start, stop);
  }

  /// Offset of the last `needle` in [start, stop), or npos.
  [[nodiscard]] std::size_t rfind(ByteSpan needle, SliceBound start = std::nullopt,
                                  SliceBound stop = std::nullopt) const {
    return algo::rfind(span(), needle, start, stop);
  }

  [[nodiscard]] std::size_t rfind(std::byte needle, SliceBound start = std::nullopt,
                                  SliceBound stop = std::nullopt) const {
    return rfind(ByteSpan(&needle, 1), start, stop);
  }

  /// As find().
  /// Errors: std::invalid_argument when `needle` is not there.
  [[nodiscard]] std::size_t index(ByteSpan needle, SliceBound start = std::nullopt,
                                  SliceBound stop = std::nullopt) const {
    return algo::index(span(), needle, start, stop);
  }

  [[nodiscard]] std::size_t index(std::byte needle, SliceBound start = std::nullopt,
                                  SliceBound stop = std::nullopt) const {
    return index(ByteSpan(&needle, 1), start, stop);
  }

  /// As rfind().
  /// Errors: std::invalid_argument when `needle` is not there.
  [[nodiscard]] std::size_t rindex(ByteSpan needle, SliceBound start = std::nullopt,
                                   SliceBound stop = std::nullopt) const {
    return algo::rindex(span(), needle, start, stop);
  }

  [[nodiscard]] std::size_t rindex(std::byte needle, SliceBound start = std::nullopt,
                                   SliceBound stop = std::nullopt) const {
    return rindex(ByteSpan(&needle, 1), start, stop);
  }

  /// Occurrences in [start, stop) that do not overlap; an empty needle counts one more than there
  /// are bytes.
  [[nodiscard]] std::size_t count(ByteSpan needle, SliceBound start = std::nullopt,
                                  SliceBound stop = std::nullopt) const {
    return algo::count(span(), needle, start, stop);
  }

  [[nodiscard]] std::size_t count(std::byte needle, SliceBound start = std::nullopt,
                                  SliceBound stop = std::nullopt) const {
    return count(ByteSpan(&needle, 1), start, stop);
  }

  /// Python's `needle in bytes`.
  [[nodiscard]] bool contains(ByteSpan needle) const { return algo::find(span(), needle) != npos; }

  [[nodiscard]] bool contains(std::byte needle) const { return contains(ByteSpan(&needle, 1)); }

  /// [start, stop) begins with `prefix`.
  [[nodiscard]] bool startswith(ByteSpan prefix, SliceBound start = std::nullopt,
                                SliceBound stop = std::nullopt) const {
    return algo::startswith(span(), prefix, start, stop);
  }

  /// [start, stop) begins with one of `prefixes`.
  [[nodiscard]] bool startswith(std::initializer_list<ByteSpan> prefixes,
                                SliceBound start = std::nullopt,
                                SliceBound stop = std::nullopt) const {
    for (const ByteSpan prefix : prefixes) {
      if (startswith(prefix, start, stop)) return true;
    }
    return false;
  }

  /// [start, stop) ends with `suffix`.
  [[nodiscard]] bool endswith(ByteSpan suffix, SliceBound start = std::nullopt,
                              SliceBound stop = std::nullopt) const {
    return algo::endswith(span(), suffix, start, stop);
  }

  /// [start, stop) ends with one of `suffixes`.
  [[nodiscard]] bool endswith(std::initializer_list<ByteSpan> suffixes,
                              SliceBound start = std::nullopt,
                              SliceBound stop = std::nullopt) const {
    for (const ByteSpan suffix : suffixes) {
      if (endswith(suffix, start, stop)) return true;
    }
    return false;
  }

  /// The number at `offset`, whatever its alignment: `b.read<std::uint32_t>(8, std::endian::big)`.
  /// Errors: std::out_of_range unless all its bytes are there.
  template <Number T>
  [[nodiscard]] T read(std::size_t offset, std::endian order = std::endian::native) const {
    const ByteSpan bytes = span();
    check_range(offset, sizeof(T), bytes.size());
    return load<T>(bytes.data() + offset, order);
  }

 protected:
  SearchMethods() = default;

 private:
  [[nodiscard]] ByteSpan span() const { return static_cast<const Self&>(*this).span(); }
};

/// Lifetime: Bytes and views share memory with their pieces; a ByteArray copies them.
template <class Self>
class PieceMethods {
 public:
  /// The parts between runs of whitespace, at most `maxsplit` cuts unless that is negative.
  [[nodiscard]] std::vector<Self> split(std::nullopt_t = std::nullopt,
                                        std::ptrdiff_t maxsplit = -1) const {
    return pieces(algo::split(span(), std::nullopt, maxsplit));
  }

  /// The parts between separators.
  /// Errors: std::invalid_argument for an empty separator, as for the next three.
  [[nodiscard]] std::vector<Self> split(ByteSpan separator, std::ptrdiff_t maxsplit = -1) const {
    return pieces(algo::split(span(), separator, maxsplit));
  }

  /// As split(), cutting from the end.
  [[nodiscard]] std::vector<Self> rsplit(std::nullopt_t = std::nullopt,
                                         std::ptrdiff_t maxsplit = -1) const {
    return pieces(algo::rsplit(span(), std::nullopt, maxsplit));
  }

  [[nodiscard]] std::vector<Self> rsplit(ByteSpan separator, std::ptrdiff_t maxsplit = -1) const {
    return pieces(algo::rsplit(span(), separator, maxsplit));
  }

  /// The lines, which end at "\n", "\r" or "\r\n".
  [[nodiscard]] std::vector<Self> splitlines(bool keepends = false) const {
    return pieces(algo::splitlines(span(), keepends));
  }

  /// {before, separator, after} of the first separator; {all, empty, empty} without one.
  [[nodiscard]] std::array<Self, 3> partition(ByteSpan separator) const {
    return pieces(algo::partition(span(), separator));
  }

  /// {before, separator, after} of the last separator; {empty, empty, all} without one.
  [[nodiscard]] std::array<Self, 3> rpartition(ByteSpan separator) const {
    return pieces(algo::rpartition(span(), separator));
  }

  /// Without the bytes of `set` at both ends.
  [[nodiscard]] Self strip(ByteSpan set = algo::whitespace()) const {
    return piece(algo::strip(span(), set));
  }

  [[nodiscard]] Self lstrip(ByteSpan set = algo::whitespace()) const {
    return piece(algo::lstrip(span(), set));
  }

  [[nodiscard]] Self rstrip(ByteSpan set = algo::whitespace()) const {
    return piece(algo::rstrip(span(), set));
  }

  /// Without `prefix` if it is there.
  [[nodiscard]] Self removeprefix(ByteSpan prefix) const {
    return piece(algo::removeprefix(span(), prefix));
  }

  [[nodiscard]] Self removesuffix(ByteSpan suffix) const {
    return piece(algo::removesuffix(span(), suffix));
  }

 protected:
  PieceMethods() = default;

 private:
  [[nodiscard]] ByteSpan span() const { return static_cast<const Self&>(*this).span(); }

  [[nodiscard]] Self piece(Range part) const { return static_cast<const Self&>(*this).piece(part); }

  [[nodiscard]] std::vector<Self> pieces(const std::vector<Range>& parts) const {
    std::vector<Self> result;
    result.reserve(parts.size());
    for (const Range part : parts) result.push_back(piece(part));
    return result;
  }

  [[nodiscard]] std::array<Self, 3> pieces(const std::array<Range, 3>& parts) const {
    return {piece(parts[0]), piece(parts[1]), piece(parts[2])};
  }
};

/// Errors: std::bad_alloc, and std::length_error for what no memory can hold.
template <class Self, class Made>
class MakeMethods {
 public:
  /// At most `count` replacements unless that is negative. An empty `before` is found around every
  /// byte.
  [[nodiscard]] Made replace(ByteSpan before, ByteSpan after, std::ptrdiff_t count = -1) const {
    return Made(algo::replace(span(), before, after, count));
  }

  /// The parts with this between them.
  template <std::ranges::input_range Parts>
  requires std::convertible_to<std::ranges::range_reference_t<Parts>, ByteSpan> &&
      std::is_lvalue_reference_v<std::ranges::range_reference_t<Parts>>

  [[nodiscard]] Made join(Parts&& parts) const {
    std::vector<ByteSpan> spans;
    for (auto& part : parts) spans.push_back(part);
    return Made(algo::join(span(), spans));
  }

  [[nodiscard]] Made join(std::initializer_list<ByteSpan> parts) const {
    return Made(algo::join(span(), {parts.begin(), parts.size()}));
  }

  /// Each byte looked up in a table of 256 (see maketrans), those in `remove` left out.
  /// Errors: std::invalid_argument for a table of another size.
  [[nodiscard]] Made translate(ByteSpan table, ByteSpan remove = {}) const {
    return Made(algo::translate(span(), table, remove));
  }

  [[nodiscard]] Made translate(std::nullopt_t, ByteSpan remove = {}) const {
    return Made(algo::translate(span(), std::nullopt, remove));
  }

  /// With every ASCII letter changed; other bytes stay, as in the next four.
  [[nodiscard]] Made upper() const { return Made(algo::upper(span())); }
  [[nodiscard]] Made lower() const { return Made(algo::lower(span())); }
  [[nodiscard]] Made swapcase() const { return Made(algo::swapcase(span())); }

  /// A capital at the beginning of each run of letters.
  [[nodiscard]] Made title() const { return Made(algo::title(span())); }
  [[nodiscard]] Made capitalize() const { return Made(algo::capitalize(span())); }

  /// Filled up to `width`.
  /// Errors: TypeError unless `fill` is one byte, as for the next two.
  [[nodiscard]] Made center(std::ptrdiff_t width, ByteSpan fill = " ") const {
    return Made(algo::center(span(), width, fill));
  }

  [[nodiscard]] Made ljust(std::ptrdiff_t width, ByteSpan fill = " ") const {
    return Made(algo::ljust(span(), width, fill));
  }

  [[nodiscard]] Made rjust(std::ptrdiff_t width, ByteSpan fill = " ") const {
    return Made(algo::rjust(span(), width, fill));
  }

  /// Filled up to `width` with zeros behind the sign.
  [[nodiscard]] Made zfill(std::ptrdiff_t width) const { return Made(algo::zfill(span(), width)); }

  /// Spaces to the next column that is a multiple of `tabsize` in place of each tab.
  [[nodiscard]] Made expandtabs(std::ptrdiff_t tabsize = 8) const {
    return Made(algo::expandtabs(span(), tabsize));
  }

  /// All ASCII letters and digits, and at least one; the next five are alike.
  [[nodiscard]] bool isalnum() const { return algo::isalnum(span()); }
  [[nodiscard]] bool isalpha() const { return algo::isalpha(span()); }
  [[nodiscard]] bool isdigit() const { return algo::isdigit(span()); }
  [[nodiscard]] bool islower() const { return algo::islower(span()); }
  [[nodiscard]] bool isspace() const { return algo::isspace(span()); }
  [[nodiscard]] bool istitle() const { return algo::istitle(span()); }
  [[nodiscard]] bool isupper() const { return algo::isupper(span()); }

  /// All below 128; true for none.
  [[nodiscard]] bool isascii() const { return algo::isascii(span()); }

  /// Two digits a byte.
  [[nodiscard]] std::string hex() const { return algo::hex(span()); }

  /// With `separator` between groups, which count from the end, or from the beginning when
  /// `bytes_per_sep` is negative.
  /// Errors: std::invalid_argument unless the separator is one ASCII character.
  [[nodiscard]] std::string hex(std::string_view separator,
                                std::ptrdiff_t bytes_per_sep = 1) const {
    return algo::hex(span(), separator, bytes_per_sep);
  }

  /// As UTF-8.
  /// Errors: UnicodeDecodeError unless `errors` says otherwise; std::invalid_argument for an encoding
  ///         or error policy that is not known.
  [[nodiscard]] std::string decode(std::string_view encoding = "utf-8",
                                   std::string_view errors = "strict") const {
    return detail::decode(span(), encoding, errors);
  }

  [[nodiscard]] friend Made operator+(const Self& a, ByteSpan b) {
    return Made(algo::concatenate(a.span(), b));
  }

  // A template, so that what merely converts to both a Self and a ByteSpan is not ambiguous.
  template <std::same_as<Self> Other>
  [[nodiscard]] friend Made operator+(const Self& a, const Other& b) {
    return a + b.span();
  }

  /// For `"literal" + bytes`; two of ours make what the left one makes.
  template <class Other>

  requires std::convertible_to<const Other&, ByteSpan> &&
      (!requires(const Other& other) { other.span(); }) [[nodiscard]] friend Made
      operator+(const Other& a, const Self& b) {
    return Made(algo::concatenate(a, b.span()));
  }

  [[nodiscard]] friend Made operator*(const Self& a, std::ptrdiff_t count) {
    return Made(algo::repeat(a.span(), count));
  }

  [[nodiscard]] friend Made operator*(std::ptrdiff_t count, const Self& a) { return a * count; }

 protected:
  MakeMethods() = default;

 private:
  [[nodiscard]] ByteSpan span() const { return static_cast<const Self&>(*this).span(); }
};

/// Comparison with anything that is bytes, at memcmp speed. A view, which may be more than that,
/// brings its own ==.
template <class Self>
class OrderMethods {
 public:
  template <class Other>
  requires std::convertible_to<const Other&, ByteSpan> &&
      (!requires(const Other& other) { other.strides(); })

          [[nodiscard]] friend bool
          operator==(const Self& a, const Other& b) {
    return a.span() == ByteSpan(b);
  }

  template <class Other>
  requires std::convertible_to<const Other&, ByteSpan>

  [[nodiscard]] friend std::strong_ordering operator<=>(const Self& a, const Other& b) {
    return algo::compare(a.span(), b) <=> 0;
  }

 protected:
  OrderMethods() = default;
};

}  // namespace quire::detail
