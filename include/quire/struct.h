// Struct: Python's struct module: C structs in bytes, described by a format string. `struct` is a
// C++ keyword, so the functions stand in namespace quire itself.
//
//   pack("<IHb", 1, 2, 3)                            -> Bytes
//   unpack("<IHb", data)                             -> std::vector<StructValue>
//   unpack<std::uint32_t, std::uint16_t, int>(...)   -> std::tuple, types checked
//
// First character: `@` native with alignment (also when left out), `=` native without, `<` little,
// `>` and `!` big endian. Then items with a repeat count each: x pad, c b B ? h H i I l L q Q
// integers, n N P native only, e f d floats, s p bytes. Messages begin as Python 3.13's do.
//
// Lifetime: results own their bytes, but for ByteSpan and std::string_view asked for by type, which
// point into the data. Thread: a Struct never changes once made.
#pragma once

#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/export.h"
#include "quire/detail/struct_format.h"
#include "quire/struct_value.h"

namespace quire {

template <class Row>
class UnpackRange;

/// A format, compiled once.
class QUIRE_API Struct {
 public:
  /// Errors: StructError for a format that is none.
  explicit Struct(std::string_view format);

  Struct(const Struct&) = default;
  Struct& operator=(const Struct&) = default;

  // What is moved from is Struct(""): its size must not outlive its fields.
  Struct(Struct&& other) noexcept
      : format_(std::exchange(other.format_, {})),
        items_(std::exchange(other.items_, {})),
        size_(std::exchange(other.size_, 0)),
        count_(std::exchange(other.count_, 0)) {}

  Struct& operator=(Struct&& other) noexcept {
    format_ = std::exchange(other.format_, {});
    items_ = std::exchange(other.items_, {});
    size_ = std::exchange(other.size_, 0);
    count_ = std::exchange(other.count_, 0);
    return *this;
  }

  ~Struct() = default;

  [[nodiscard]] const std::string& format() const noexcept QUIRE_LIFETIMEBOUND { return format_; }

  /// Bytes of a packed row.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Errors: StructError for a wrong number of values, one of a wrong kind or out of its range;
  ///         std::length_error for a float too large for e or f (OverflowError in Python).
  template <detail::Packable... Args>
  [[nodiscard]] Bytes pack(const Args&... args) const {
    return detail::pack_bytes(view(), detail::pack_arguments(args...));
  }

  [[nodiscard]] Bytes pack(std::span<const StructValue> values) const {
    return detail::pack_bytes(view(), detail::pack_arguments_of(values));
  }

  /// Writes a row at `offset`, from the end when negative; pad bytes become zero.
  /// Cost:   no allocation.
  /// Errors: as pack(); StructError when the row does not fit. `target` is then unchanged.
  template <detail::Packable... Args>
  void pack_into(MutableByteSpan target, std::ptrdiff_t offset, const Args&... args) const {
    detail::pack_into(view(), target, offset, detail::pack_arguments(args...));
  }

  void pack_into(MutableByteSpan target, std::ptrdiff_t offset,
                 std::span<const StructValue> values) const {
    detail::pack_into(view(), target, offset, detail::pack_arguments_of(values));
  }

  /// Writes a row at a stream's position.
  template <detail::ByteSink Sink, detail::Packable... Args>
  void pack_into(Sink& sink, const Args&... args) const {
    sink.write(pack(args...));
  }

  /// Errors: StructError unless `data` is exactly one row.
  [[nodiscard]] std::vector<StructValue> unpack(ByteSpan data) const {
    return unpack_row<std::vector<StructValue>>(data);
  }

  /// One row into types that hold every value of their format.
  /// Cost:   no allocation, but for Bytes and std::string.
  /// Errors: as unpack(data); StructError for another number of values; TypeError for a type that
  ///         the format does not fit, whatever the value.
  template <detail::Unpackable First, detail::Unpackable... Rest>
  [[nodiscard]] std::tuple<First, Rest...> unpack(ByteSpan data) const {
    return unpack_row<std::tuple<First, Rest...>>(data);
  }

  /// Reads one row off a stream.
  /// Errors: as above. What there was of a row cut short has been read.
  template <detail::ByteSource Source>
  [[nodiscard]] std::vector<StructValue> unpack(Source& source) const {
    const Bytes data = source.read(static_cast<std::ptrdiff_t>(size_));
    return unpack(ByteSpan(data));
  }

  template <detail::OwningUnpackable First, detail::OwningUnpackable... Rest,
            detail::ByteSource Source>
  [[nodiscard]] std::tuple<First, Rest...> unpack(Source& source) const {
    const Bytes data = source.read(static_cast<std::ptrdiff_t>(size_));
    return unpack<First, Rest...>(ByteSpan(data));
  }

  /// The row at `offset`, from the end when negative; more may follow.
  /// Errors: as unpack(); StructError when `data` ends too soon.
  [[nodiscard]] std::vector<StructValue> unpack_from(ByteSpan data,
                                                     std::ptrdiff_t offset = 0) const {
    return detail::unpack_values(view(), detail::row_at(view(), data, offset));
  }

  template <detail::Unpackable First, detail::Unpackable... Rest>
  [[nodiscard]] std::tuple<First, Rest...> unpack_from(ByteSpan data,
                                                       std::ptrdiff_t offset = 0) const {
    return detail::unpack_typed<First, Rest...>(view(), detail::row_at(view(), data, offset));
  }

  /// The rows of `data`, one after another: `for (auto [a, b] : s.iter_unpack<int, int>(data))`.
  /// Lifetime: borrows `data`, unless it is Bytes.
  /// Errors:   StructError when `data` is not a whole number of rows, or a row has no bytes.
  [[nodiscard]] UnpackRange<std::vector<StructValue>> iter_unpack(ByteSpan data) const;
  [[nodiscard]] UnpackRange<std::vector<StructValue>> iter_unpack(Bytes data) const;

  template <detail::Unpackable First, detail::Unpackable... Rest>
  [[nodiscard]] UnpackRange<std::tuple<First, Rest...>> iter_unpack(ByteSpan data) const;

  template <detail::Unpackable First, detail::Unpackable... Rest>
  [[nodiscard]] UnpackRange<std::tuple<First, Rest...>> iter_unpack(Bytes data) const;

 private:
  template <class Row>
  friend class UnpackRange;

  [[nodiscard]] detail::StructFormat view() const noexcept {
    return {format_, items_.data(), size_, count_};
  }

  template <class Row>
  [[nodiscard]] Row unpack_row(ByteSpan data) const {
    return detail::RowReader<Row>::read(view(), detail::whole_row(view(), data));
  }

  std::string format_;
  std::vector<detail::StructItem> items_;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
};

/// The rows that iter_unpack gives; an input range, so that a loop may end early at no cost.
template <class Row>
class UnpackRange {
 public:
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using value_type = Row;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Row;

    [[nodiscard]] Row operator*() const {
      return detail::RowReader<Row>::read(range_->struct_.view(), at_);
    }

    Iterator& operator++() noexcept {
      at_ += range_->struct_.size();
      --left_;
      return *this;
    }

    void operator++(int) noexcept { ++*this; }

    [[nodiscard]] friend bool operator==(const Iterator& it, std::default_sentinel_t) noexcept {
      return it.left_ == 0;
    }

   private:
    friend class UnpackRange;

    explicit Iterator(const UnpackRange* range) noexcept
        : range_(range),
          at_(range->data_.data()),
          left_(range->data_.size() / range->struct_.size()) {}

    const UnpackRange* range_;
    const std::byte* at_;
    std::size_t left_;
  };

  /// Errors: StructError, see Struct::iter_unpack.
  UnpackRange(Struct format, ByteSpan data) : struct_(std::move(format)), data_(data) {
    detail::check_rows(struct_.view(), data.size());
  }

  UnpackRange(Struct format, Bytes data) : UnpackRange(std::move(format), ByteSpan(data)) {
    owner_ = std::move(data);
  }

  [[nodiscard]] Iterator begin() const noexcept QUIRE_LIFETIMEBOUND { return Iterator(this); }

  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  Struct struct_;
  Bytes owner_;
  ByteSpan data_;
};

inline UnpackRange<std::vector<StructValue>> Struct::iter_unpack(ByteSpan data) const {
  return {*this, data};
}

inline UnpackRange<std::vector<StructValue>> Struct::iter_unpack(Bytes data) const {
  return {*this, std::move(data)};
}

template <detail::Unpackable First, detail::Unpackable... Rest>
UnpackRange<std::tuple<First, Rest...>> Struct::iter_unpack(ByteSpan data) const {
  return {*this, data};
}

template <detail::Unpackable First, detail::Unpackable... Rest>
UnpackRange<std::tuple<First, Rest...>> Struct::iter_unpack(Bytes data) const {
  return {*this, std::move(data)};
}

// --- the same, for a format used once ------------------------------------------------------------

/// Bytes of a row of `format`. Errors: StructError for a format that is none, as for all below.
[[nodiscard]] inline std::size_t calcsize(std::string_view format) {
  return detail::StructFormat(format).size;
}

/// As Struct(format).pack(args...), and so on; none of them allocates for the format.
template <detail::Packable... Args>
[[nodiscard]] Bytes pack(std::string_view format, const Args&... args) {
  return detail::pack_bytes(detail::StructFormat(format), detail::pack_arguments(args...));
}

[[nodiscard]] inline Bytes pack(std::string_view format, std::span<const StructValue> values) {
  return detail::pack_bytes(detail::StructFormat(format), detail::pack_arguments_of(values));
}

template <detail::Packable... Args>
void pack_into(std::string_view format, MutableByteSpan target, std::ptrdiff_t offset,
               const Args&... args) {
  detail::pack_into(detail::StructFormat(format), target, offset, detail::pack_arguments(args...));
}

inline void pack_into(std::string_view format, MutableByteSpan target, std::ptrdiff_t offset,
                      std::span<const StructValue> values) {
  detail::pack_into(detail::StructFormat(format), target, offset,
                    detail::pack_arguments_of(values));
}

template <detail::ByteSink Sink, detail::Packable... Args>
void pack_into(std::string_view format, Sink& sink, const Args&... args) {
  sink.write(pack(format, args...));
}

[[nodiscard]] inline std::vector<StructValue> unpack(std::string_view format, ByteSpan data) {
  const detail::StructFormat parsed(format);
  return detail::unpack_values(parsed, detail::whole_row(parsed, data));
}

template <detail::Unpackable First, detail::Unpackable... Rest>
[[nodiscard]] std::tuple<First, Rest...> unpack(std::string_view format, ByteSpan data) {
  const detail::StructFormat parsed(format);
  return detail::unpack_typed<First, Rest...>(parsed, detail::whole_row(parsed, data));
}

template <detail::ByteSource Source>
[[nodiscard]] std::vector<StructValue> unpack(std::string_view format, Source& source) {
  const Bytes data = source.read(static_cast<std::ptrdiff_t>(calcsize(format)));
  return unpack(format, ByteSpan(data));
}

template <detail::OwningUnpackable First, detail::OwningUnpackable... Rest,
          detail::ByteSource Source>
[[nodiscard]] std::tuple<First, Rest...> unpack(std::string_view format, Source& source) {
  const Bytes data = source.read(static_cast<std::ptrdiff_t>(calcsize(format)));
  return unpack<First, Rest...>(format, ByteSpan(data));
}

[[nodiscard]] inline std::vector<StructValue> unpack_from(std::string_view format, ByteSpan data,
                                                          std::ptrdiff_t offset = 0) {
  const detail::StructFormat parsed(format);
  return detail::unpack_values(parsed, detail::row_at(parsed, data, offset));
}

template <detail::Unpackable First, detail::Unpackable... Rest>
[[nodiscard]] std::tuple<First, Rest...> unpack_from(std::string_view format, ByteSpan data,
                                                     std::ptrdiff_t offset = 0) {
  const detail::StructFormat parsed(format);
  return detail::unpack_typed<First, Rest...>(parsed, detail::row_at(parsed, data, offset));
}

[[nodiscard]] inline UnpackRange<std::vector<StructValue>> iter_unpack(std::string_view format,
                                                                       ByteSpan data) {
  return {Struct(format), data};
}

[[nodiscard]] inline UnpackRange<std::vector<StructValue>> iter_unpack(std::string_view format,
                                                                       Bytes data) {
  return {Struct(format), std::move(data)};
}

template <detail::Unpackable First, detail::Unpackable... Rest>
[[nodiscard]] UnpackRange<std::tuple<First, Rest...>> iter_unpack(std::string_view format,
                                                                  ByteSpan data) {
  return {Struct(format), data};
}

template <detail::Unpackable First, detail::Unpackable... Rest>
[[nodiscard]] UnpackRange<std::tuple<First, Rest...>> iter_unpack(std::string_view format,
                                                                  Bytes data) {
  return {Struct(format), std::move(data)};
}

}  // namespace quire
