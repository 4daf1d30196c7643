// Format and Layout: what the items of a region are, and where each of them lies.
//
//   Format   one native number as Python's struct module spells it: B i d ...
//   Layout   format, shape and strides: item (i, j) lies at i * strides[0] + j * strides[1]
//
// Lifetime: values; the shape of two and more dimensions is shared by copies. Thread: values.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "quire/detail/block.h"
#include "quire/detail/endian.h"
#include "quire/detail/export.h"
#include "quire/slice.h"

namespace quire {

/// What views can hold: any arithmetic type but long double, and std::byte.
template <class T>
concept Item = detail::Number<T> || std::same_as<T, bool> || std::same_as<T, std::byte>;

class Format {
 public:
  enum class Kind : std::uint8_t { Bytes, Signed, Unsigned, Float, Bool };

  /// 'B'.
  constexpr Format() noexcept = default;

  /// One of `c b B h H i I l L q Q n N f d e P ?`, with or without a leading '@'.
  /// Errors: std::invalid_argument for anything else.
  QUIRE_API explicit Format(std::string_view text);

  /// The format of a C++ type; characters are bytes.
  template <Item T>
  [[nodiscard]] static constexpr Format of() noexcept {
    if constexpr (std::same_as<T, bool>) return {'?', Kind::Bool, sizeof(bool)};
    if constexpr (std::same_as<T, std::byte> || std::same_as<T, char>) return {};
    if constexpr (std::floating_point<T>) {
      return {sizeof(T) == sizeof(float) ? 'f' : 'd', Kind::Float, sizeof(T)};
    }
    constexpr std::string_view kBySize = std::is_signed_v<T> ? "bhiq" : "BHIQ";
    constexpr std::size_t kSizeRank = sizeof(T) == 1   ? 0
                                      : sizeof(T) == 2 ? 1
                                      : sizeof(T) == 4 ? 2
                                                       : 3;
    // long and long long have the same size here and there; Python keeps them apart.
    constexpr char kCode = std::same_as<T, long>            ? 'l'
                           : std::same_as<T, unsigned long> ? 'L'
                                                            : kBySize[kSizeRank];
    return {kCode, std::is_signed_v<T> ? Kind::Signed : Kind::Unsigned, sizeof(T)};
  }

  /// As it was given, the '@' included.
  [[nodiscard]] QUIRE_API std::string_view text() const noexcept;

  /// Without the '@'.
  [[nodiscard]] constexpr char code() const noexcept { return code_; }

  [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }

  [[nodiscard]] constexpr std::size_t itemsize() const noexcept { return itemsize_; }

  /// B, b or c: what `cast` may start from or end at.
  [[nodiscard]] constexpr bool is_byte() const noexcept {
    return itemsize_ == 1 && kind_ != Kind::Bool;
  }

  /// Whether an item of this format is read as a T: the same kind of number in the same size, for a
  /// half float a float, and for any byte std::byte or char.
  template <Item T>
  [[nodiscard]] constexpr bool holds() const noexcept {
    if constexpr (std::same_as<T, std::byte> || std::same_as<T, char>) return is_byte();
    if (std::same_as<T, float> && code_ == 'e') return true;
    return of<T>().kind_ == kind_ && sizeof(T) == itemsize_;
  }

  /// The same items; '@' makes no difference.
  [[nodiscard]] friend constexpr bool operator==(Format a, Format b) noexcept {
    return a.code_ == b.code_;
  }

 private:
  constexpr Format(char code, Kind kind, std::size_t itemsize) noexcept
      : code_(code), kind_(kind), itemsize_(static_cast<std::uint8_t>(itemsize)) {}

  char code_ = 'B';
  bool at_ = false;
  Kind kind_ = Kind::Unsigned;
  std::uint8_t itemsize_ = 1;
};

/// The most dimensions a view may have.
inline constexpr std::size_t kMaxDimensions = 64;

class QUIRE_API Layout {
 public:
  /// No item, one dimension.
  Layout() noexcept = default;

  /// One dimension without gaps.
  Layout(Format format, std::size_t count) noexcept
      : Layout(format, count, static_cast<std::ptrdiff_t>(format.itemsize())) {}

  /// One dimension, items `stride` bytes apart.
  Layout(Format format, std::size_t count, std::ptrdiff_t stride) noexcept
      : format_(format), count_(count), stride_(stride) {}

  /// Any dimensions, row after row without gaps.
  /// Cost:   an allocation from two dimensions on.
  /// Errors: std::invalid_argument for more than 64 dimensions, an element below 1, or more items
  ///         than memory can have.
  Layout(Format format, std::span<const std::ptrdiff_t> shape);

  [[nodiscard]] Format format() const noexcept { return format_; }

  [[nodiscard]] std::size_t ndim() const noexcept { return ndim_; }

  /// Items in each dimension.
  [[nodiscard]] std::span<const std::size_t> shape() const noexcept QUIRE_LIFETIMEBOUND;

  /// Bytes from one item to the next in each dimension.
  [[nodiscard]] std::span<const std::ptrdiff_t> strides() const noexcept QUIRE_LIFETIMEBOUND;

  /// The first dimension's; 1 and 0 when there is none.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  [[nodiscard]] std::ptrdiff_t stride() const noexcept { return stride_; }

  /// Items in all.
  [[nodiscard]] std::size_t items() const noexcept { return ndim_ <= 1 ? count_ : product(); }

  /// Bytes in all items.
  [[nodiscard]] std::size_t nbytes() const noexcept { return items() * format_.itemsize(); }

  /// One byte after the other, in one dimension.
  [[nodiscard]] bool is_byte_row() const noexcept { return ndim_ == 1 && format_.is_byte(); }

  /// Row after row, column after column without gaps. As in Python a strided row of no item counts
  /// as having gaps.
  [[nodiscard]] bool c_contiguous() const noexcept {
    return ndim_ == 1 ? count_ == 1 || stride_ == static_cast<std::ptrdiff_t>(format_.itemsize())
                      : is_contiguous(true);
  }

  [[nodiscard]] bool f_contiguous() const noexcept {
    return ndim_ == 1 ? c_contiguous() : is_contiguous(false);
  }

  /// Only a part of the first dimension.
  /// Cost: an allocation from two dimensions on.
  [[nodiscard]] Layout sliced(detail::StridedRange part) const;

  /// Offset in bytes of the item at `index`, each of which counts from the end when negative.
  /// Errors: std::out_of_range; TypeError for too many indices, UnsupportedOperation for too few.
  [[nodiscard]] std::ptrdiff_t offset_of(std::span<const std::ptrdiff_t> index) const;

 private:
  [[nodiscard]] std::size_t product() const noexcept;
  [[nodiscard]] bool is_contiguous(bool last_index_fastest) const noexcept;
  void set_dimensions(std::span<const std::size_t> shape, std::span<const std::ptrdiff_t> strides);

  Format format_;
  std::uint8_t ndim_ = 1;
  std::size_t count_ = 0;
  std::ptrdiff_t stride_ = 1;
  // `ndim_ > 1` only: ndim_ sizes, then ndim_ strides; the first of each are also the two above.
  detail::BlockRef dimensions_;
};

namespace detail {

/// One item's value, whatever its format: what views are compared by and assigned from.
struct ItemValue {
  enum class Kind : std::uint8_t { Bytes, Signed, Unsigned, Float };

  Kind kind;

  union {
    std::int64_t integer;
    std::uint64_t natural;
    double real;
  };

  template <Item T>
  [[nodiscard]] static ItemValue of(T value) noexcept {
    ItemValue result{};
    if constexpr (std::same_as<T, std::byte> || std::same_as<T, char>) {
      result.kind = Kind::Bytes;
      result.natural = static_cast<unsigned char>(value);
    } else if constexpr (std::floating_point<T>) {
      result.kind = Kind::Float;
      result.real = static_cast<double>(value);
    } else if constexpr (std::is_signed_v<T>) {
      result.kind = Kind::Signed;
      // NOLINTNEXTLINE(bugprone-signed-char-misuse): an int8_t is a number here, with its sign
      result.integer = value;
    } else {
      result.kind = Kind::Unsigned;
      result.natural = value;
    }
    return result;
  }

  /// By value: 1 is 1.0, and -1 is not 255; NaN equals nothing.
  friend QUIRE_API bool operator==(ItemValue a, ItemValue b) noexcept;
};

/// REQUIRES: an item of that format at `from`; any alignment
[[nodiscard]] QUIRE_API ItemValue load_item(const std::byte* from, Format format) noexcept;

/// Writes `value` as an item.
/// Errors: std::invalid_argument when the format cannot hold the value, TypeError when it is of
///         another kind. Nothing is written then.
QUIRE_API void store_item(std::byte* to, Format format, ItemValue value);

[[noreturn]] QUIRE_API void throw_item_not_found(ItemValue value);

/// The item at `from` as a T. REQUIRES: format.holds<T>()
template <Item T>
[[nodiscard]] T load_as(const std::byte* from, Format format) noexcept {
  if constexpr (std::same_as<T, bool>) {
    return *from != std::byte{};
  } else if constexpr (std::same_as<T, std::byte>) {
    return *from;
  } else {
    if constexpr (std::same_as<T, float>) {
      if (format.code() == 'e') return static_cast<float>(load_item(from, format).real);
    }
    return load<T>(from);
  }
}

/// The same items at both places, by value.
/// REQUIRES: equal shapes
[[nodiscard]] QUIRE_API bool equal_items(const std::byte* a, const Layout& a_layout,
                                         const std::byte* b, const Layout& b_layout) noexcept;

/// Copies every item of `from` to its place in `to`; in any order of memory, overlapping or not.
/// REQUIRES: equal shapes and item sizes
/// Cost:   a copy; a second one through the heap for strided parts that overlap.
/// Errors: std::bad_alloc.
QUIRE_API void copy_items(std::byte* to, const Layout& to_layout, const std::byte* from,
                          const Layout& from_layout);

/// Writes all items one behind the other; the last index runs fastest, or the first.
/// REQUIRES: room for layout.nbytes() bytes at `to`, no overlap
QUIRE_API void pack_items(std::byte* to, const std::byte* from, const Layout& layout,
                          bool last_index_fastest) noexcept;

/// Sets every item to the bytes at `item`.
QUIRE_API void fill_items(std::byte* to, const Layout& layout, const std::byte* item) noexcept;

}  // namespace detail
}  // namespace quire
