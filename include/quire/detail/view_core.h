// ViewCore: what MemoryView and MutableMemoryView have in common, which is all but writing and
// results of their own type.
//
// Lifetime, Thread: as memory_view.h says.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "quire/buffer.h"
#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/export.h"
#include "quire/error.h"
#include "quire/layout.h"
#include "quire/slice.h"

namespace quire::detail {

/// Every method but release(), repr() and == throws ClosedError after release(), and on a view that
/// was moved from.
class QUIRE_API ViewCore {
 public:
  // --- attributes --------------------------------------------------------------------------------

  /// How the struct module spells an item.
  [[nodiscard]] std::string_view format() const { return layout().format().text(); }

  /// Bytes in an item.
  [[nodiscard]] std::size_t itemsize() const { return layout().format().itemsize(); }

  [[nodiscard]] std::size_t ndim() const { return layout().ndim(); }

  /// Items in each dimension.
  [[nodiscard]] std::span<const std::size_t> shape() const QUIRE_LIFETIMEBOUND {
    return layout().shape();
  }

  /// Bytes from one item to the next in each dimension.
  [[nodiscard]] std::span<const std::ptrdiff_t> strides() const QUIRE_LIFETIMEBOUND {
    return layout().strides();
  }

  /// Always empty: no memory here is reached through pointers.
  [[nodiscard]] std::span<const std::ptrdiff_t> suboffsets() const {
    check();
    return {};
  }

  /// Bytes in all items.
  [[nodiscard]] std::size_t nbytes() const { return layout().nbytes(); }

  [[nodiscard]] bool c_contiguous() const { return layout().c_contiguous(); }

  [[nodiscard]] bool f_contiguous() const { return layout().f_contiguous(); }

  [[nodiscard]] bool contiguous() const { return c_contiguous() || f_contiguous(); }

  /// What keeps the memory alive, as something to compare; null when it is borrowed, static or
  /// empty.
  [[nodiscard]] const void* owner() const {
    check();
    return buffer_.block();
  }

  /// Items in the first dimension, Python's len().
  /// Errors: TypeError without dimensions.
  [[nodiscard]] std::size_t size() const {
    if (!is_row()) check_length();
    return layout_.count();
  }

  [[nodiscard]] bool empty() const { return size() == 0; }

  [[nodiscard]] bool released() const noexcept { return released_; }

  // --- reading -----------------------------------------------------------------------------------

  /// The item at (i, j, ...); negative indices count from the end.
  /// Errors: TypeError unless items are read as T (see Format::holds) and for too many indices,
  ///         UnsupportedOperation for too few, std::out_of_range.
  template <Item T, std::integral... Index>
  [[nodiscard]] T get(Index... index) const {
    const Format format = layout().format();
    if (!format.holds<T>()) throw_format<T>();
    return load_as<T>(at(index...), format);
  }

  /// All items, those of several dimensions row after row.
  /// Errors: TypeError unless items are read as T.
  template <Item T>
  [[nodiscard]] std::vector<T> tolist() const {
    const Format format = layout().format();
    if (!format.holds<T>()) throw_format<T>();
    std::vector<T> result;
    result.reserve(layout_.items());
    for_each_item([&](const std::byte* item) { result.push_back(load_as<T>(item, format)); });
    return result;
  }

  /// All bytes of all items: row after row ('C'), column after column ('F'), or whichever needs no
  /// work ('A').
  /// Cost:   shares the memory of a frozen contiguous view; copies any other.
  /// Errors: std::invalid_argument for another order; std::bad_alloc.
  [[nodiscard]] Bytes tobytes(char order = 'C') const;

  /// Two digits a byte.
  [[nodiscard]] std::string hex() const;

  /// With `separator` between groups, which count from the end, or from the beginning when
  /// `bytes_per_sep` is negative.
  /// Errors: std::invalid_argument unless the separator is one ASCII character.
  [[nodiscard]] std::string hex(std::string_view separator, std::ptrdiff_t bytes_per_sep = 1) const;

  /// `<memory at 0x...>`, or `<released memory at 0x...>`.
  [[nodiscard]] std::string repr() const;

  // --- comparison --------------------------------------------------------------------------------

  /// Equal shapes and equal values, whatever the formats; NaN equals nothing. A released view
  /// equals itself alone. Cost: memcmp when both hold the same integers without gaps.
  [[nodiscard]] friend bool operator==(const ViewCore& a, const ViewCore& b) noexcept {
    if (a.released_ || b.released_) return &a == &b;
    return std::ranges::equal(a.layout_.shape(), b.layout_.shape()) &&
           equal_items(a.first_, a.layout_, b.first_, b.layout_);
  }

  /// Equal to the items of a row of bytes.
  [[nodiscard]] friend bool operator==(const ViewCore& a, ByteSpan b) noexcept {
    return a.equals(b);
  }

  // --- release -----------------------------------------------------------------------------------

  /// Lets go of the memory; what was made from this view keeps it. A second call does nothing.
  void release() noexcept;

 protected:
  /// An empty row of bytes.
  ViewCore() noexcept = default;

  /// Which items another view of the same memory shows.
  struct Window {
    std::byte* first;
    Layout layout;
  };

  ViewCore(const Buffer& buffer, Window&& window) noexcept
      : buffer_(buffer), first_(window.first), layout_(std::move(window.layout)) {}

  /// The whole region as a row of items.
  ViewCore(Buffer buffer, Format format) noexcept
      : buffer_(std::move(buffer)),
        first_(const_cast<std::byte*>(buffer_.data())),
        layout_(format, buffer_.size() / format.itemsize()) {}

  ViewCore(const ViewCore&) noexcept = default;
  ViewCore& operator=(const ViewCore&) noexcept = default;

  ViewCore(ViewCore&& other) noexcept
      : buffer_(std::move(other.buffer_)),
        first_(other.first_),
        layout_(std::move(other.layout_)),
        released_(other.released_) {
    other.release();
  }

  ViewCore& operator=(ViewCore&& other) noexcept {
    if (this == &other) return *this;
    buffer_ = std::move(other.buffer_);
    first_ = other.first_;
    layout_ = std::move(other.layout_);
    released_ = other.released_;
    other.release();
    return *this;
  }

  ~ViewCore() = default;

  void check() const {
    if (released_) [[unlikely]] {
      throw_released();
    }
  }

  [[nodiscard]] const Layout& layout() const {
    check();
    return layout_;
  }

  [[nodiscard]] bool is_row() const noexcept { return layout_.ndim() == 1 && !released_; }

  [[nodiscard]] bool is_byte_row() const noexcept { return layout_.is_byte_row() && !released_; }

  /// All bytes, as memory without gaps.
  [[nodiscard]] MutableByteSpan whole() const {
    const std::size_t size = nbytes();
    if (size != 0 && !layout_.c_contiguous()) throw_not_contiguous();
    return {first_, size};
  }

  /// Where the item at (i, j, ...) is.
  template <std::integral... Index>
  [[nodiscard]] std::byte* at(Index... index) const {
    const std::ptrdiff_t indices[sizeof...(Index) + 1] = {static_cast<std::ptrdiff_t>(index)...};
    return at(std::span<const std::ptrdiff_t>(indices, sizeof...(Index)));
  }

  [[nodiscard]] std::byte* at(std::span<const std::ptrdiff_t> index) const {
    return first_ + layout().offset_of(index);
  }

  /// Errors: TypeError unless the items are bytes in a row, UnsupportedOperation for more
  ///         dimensions than one.
  void check_byte_row() const {
    if (!is_byte_row()) [[unlikely]] {
      throw_not_byte_row();
    }
  }

  /// Which bytes `index` counts, in a row of bytes.
  template <std::integral T>
  [[nodiscard]] std::byte* byte_at(T index) const {
    check_byte_row();
    const std::size_t size = layout_.count();
    auto offset = static_cast<std::size_t>(index);
    if (std::is_signed_v<T> && index < T{}) offset += size;
    if (offset >= size) [[unlikely]] {
      throw_dimension_index(static_cast<std::ptrdiff_t>(index), 1, size);
    }
    return first_ + static_cast<std::ptrdiff_t>(offset) * layout_.stride();
  }

  template <class Visit>
  void for_each_item(Visit&& visit) const {
    if (layout_.ndim() == 1) {
      for (std::size_t i = 0; i < layout_.count(); ++i) {
        visit(first_ + static_cast<std::ptrdiff_t>(i) * layout_.stride());
      }
      return;
    }
    const Bytes items = tobytes();
    const std::size_t itemsize = layout_.format().itemsize();
    for (std::size_t i = 0; i < items.size(); i += itemsize) visit(items.data() + i);
  }

  /// How many items of [start, stop) equal `value`, and where the first is; stops at that one
  /// unless all are to be counted.
  struct Found {
    std::size_t count;
    std::size_t first;
  };

  [[nodiscard]] Found find_items(ItemValue value, SliceBound start, SliceBound stop,
                                 bool all) const;

  [[nodiscard]] Window sliced(SliceBound start, SliceBound stop, std::ptrdiff_t step) const {
    if (step != 1 || !is_row()) return sliced_by_step(start, stop, step);
    const Range part = resolve(start, stop, layout_.count());
    // Where nothing is left, an address within the memory all the same.
    const std::size_t offset = part.count == 0 ? 0 : part.offset;
    return {first_ + static_cast<std::ptrdiff_t>(offset) * layout_.stride(),
            Layout(layout_.format(), part.count, layout_.stride())};
  }

  [[nodiscard]] Window sliced_by_step(SliceBound start, SliceBound stop, std::ptrdiff_t step) const;
  [[nodiscard]] Window piece_of(Range part) const;
  [[nodiscard]] Window cast_to(std::string_view format) const;
  [[nodiscard]] Window cast_to(std::string_view format,
                               std::span<const std::ptrdiff_t> shape) const;

  /// The layout of this view's memory as a row of `format`, which must be aligned for C++.
  [[nodiscard]] Layout typed(Format format, std::size_t alignment) const;

  void assign_from(const ViewCore& source) const;
  void assign_from(ByteSpan source) const;
  void fill_with(ItemValue value) const;
  [[nodiscard]] std::size_t content_hash() const;
  [[nodiscard]] bool equals(ByteSpan bytes) const noexcept;

  template <Item T>
  [[noreturn]] void throw_format() const {
    throw_format(Format::of<T>());
  }

  [[noreturn]] void throw_format(Format wanted) const;
  [[noreturn]] void throw_not_byte_row() const;

  /// The slow half of size().
  void check_length() const;

  // Item (0, 0, ...) is at `first_`, and all items are in memory that `buffer_` keeps. Writable or
  // not is a matter of the class derived.
  Buffer buffer_;
  std::byte* first_ = nullptr;
  Layout layout_;
  bool released_ = false;
};

/// Writes repr().
QUIRE_API std::ostream& operator<<(std::ostream& out, const ViewCore& view);

template <class T>
concept View = std::derived_from<std::remove_cvref_t<T>, ViewCore>;

/// What hands out its memory itself, and pins it while a view lives.
template <class T>
concept Exporter = requires(T& exporter) {
  { exporter.export_buffer() } -> std::same_as<Buffer>;
};

/// The caller's own memory: a container that stays, or something that only points to it.
template <class R>
concept BorrowedItems = (std::is_lvalue_reference_v<R> ||
                         std::ranges::borrowed_range<R>)&&!View<R> &&
                        !std::derived_from<std::remove_cvref_t<R>, Bytes> &&
                        !Exporter<std::remove_cvref_t<R>> && std::ranges::contiguous_range<R> &&
                        std::ranges::sized_range<R> && Item<std::ranges::range_value_t<R>>;

template <class R>
concept WritableBorrowedItems = BorrowedItems<R> &&
    !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>>;

/// REQUIRES: `range` outlives the buffer
template <class R>
[[nodiscard]] Buffer borrow(R&& range) noexcept {
  if constexpr (ByteLike<std::ranges::range_value_t<R>>) {
    return Buffer::borrowed(ByteSpan(range));
  } else {
    return Buffer::borrowed(
        ByteSpan(static_cast<const void*>(std::ranges::data(range)),
                 std::ranges::size(range) * sizeof(std::ranges::range_value_t<R>)));
  }
}

}  // namespace quire::detail
