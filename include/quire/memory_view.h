// MemoryView and MutableMemoryView: windows over memory that belongs to others (Python's
// memoryview).
//
//   whole      [ 0 1 2 3 4 5 6 7 8 9 ]     MutableMemoryView w = stream.getbuffer();
//   slice            [ 3 4 5 6 ]           w.slice(3, 7)
//   strided      [ 1 . 3 . 5 . 7 ]         w.slice(1, 8, 2)
//   shaped     [[ 0 1 2 3 4 ]              w.cast("B", {2, 5})
//               [ 5 6 7 8 9 ]]
//
// A view is a format, a shape and strides over a Buffer, which says whose memory it is: frozen
// (made from Bytes), live (from a ByteArray or a stream: sees and, when mutable, makes changes) or
// borrowed (from the caller's own span, string, vector or array). Copying a view copies the window,
// never the memory, and const is shallow, as with std::span; equality is by content. What a view
// makes (slices, pieces, casts) are views of the same memory; changed bytes (replace, upper, ...)
// are new Bytes.
//
// Methods that search, split and read numbers see the bytes of a contiguous view, whatever its
// format, and throw BufferError for any other.
//
// Lifetime: a view pins its memory: a ByteArray or stream cannot change its size while one lives;
// closing, moving and destroying it leave the view on the old memory. Borrowed memory must outlive
// the view. Thread: views of frozen memory may cross threads; others follow the rules of what they
// look at.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "quire/buffer.h"
#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/byte_methods.h"
#include "quire/detail/endian.h"
#include "quire/detail/export.h"
#include "quire/detail/view_core.h"
#include "quire/error.h"
#include "quire/layout.h"
#include "quire/slice.h"
#include "quire/typed_view.h"

namespace quire {

class MemoryView;

namespace detail {

template <class Self, class Byte>
class ViewMethods : public ViewCore,
                    public SearchMethods<Self>,
                    public PieceMethods<Self>,
                    public MakeMethods<Self, Bytes> {
 public:
  using value_type = std::byte;
  using iterator = StridedIterator<Byte>;
  using Span = std::conditional_t<std::is_const_v<Byte>, ByteSpan, MutableByteSpan>;
  using SearchMethods<Self>::contains;
  using ViewCore::hex;

  /// The byte at `index`, which counts from the end when negative.
  /// Errors: std::out_of_range; TypeError unless the format is B, b or c (get<T> reads others);
  ///         UnsupportedOperation for more dimensions than one.
  template <std::integral T>
  [[nodiscard]] Byte& operator[](T index) const {
    return *byte_at(index);
  }

  /// Walks the bytes of a row, gaps or not.
  /// Lifetime: iterators need the memory, not the view; a view that pins it must stay.
  /// Errors:   as operator[].
  [[nodiscard]] iterator begin() const QUIRE_LIFETIMEBOUND {
    check_byte_row();
    return {first_, layout_.stride(), 0};
  }

  [[nodiscard]] iterator end() const QUIRE_LIFETIMEBOUND {
    check_byte_row();
    return {first_, layout_.stride(), static_cast<std::ptrdiff_t>(layout_.count())};
  }

  /// All bytes as one span.
  /// Lifetime: a view that pins the memory must outlive the span.
  /// Errors:   BufferError unless they lie without gaps, row after row.
  [[nodiscard]] Span span() const QUIRE_LIFETIMEBOUND { return whole(); }

  [[nodiscard]] Byte* data() const QUIRE_LIFETIMEBOUND { return whole().data(); }

  // NOLINTNEXTLINE(google-explicit-constructor): bytes in one piece go where any bytes do
  operator ByteSpan() const QUIRE_LIFETIMEBOUND { return whole(); }

  // --- parts and other shapes --------------------------------------------------------------------

  /// Every `step`th item from `start` up to `stop`, by Python's rules for slices; of several
  /// dimensions the first one's.
  /// Cost:   O(1), no copy; an allocation from two dimensions on.
  /// Errors: std::invalid_argument for a step of 0; TypeError without dimensions.
  [[nodiscard]] Self slice(SliceBound start, SliceBound stop = std::nullopt,
                           std::ptrdiff_t step = 1) const {
    return Self(buffer_, sliced(start, stop, step));
  }

  /// Part of a contiguous view's bytes: what split, strip and the like are made of.
  /// REQUIRES: offset + count <= nbytes()
  [[nodiscard]] Self piece(Range part) const { return Self(buffer_, piece_of(part)); }

  /// The items as C++ objects: the same memory as a range of T. Bytes without gaps become any T;
  /// other formats their own type.
  /// Cost:   O(1), no copy.
  /// Errors: TypeError as cast(format); BufferError for memory that is not aligned for T.
  template <Item T>

  requires(!std::same_as<T, bool>) [[nodiscard]] auto cast() const {
    const Layout items = typed(Format::of<T>(), alignof(T));
    using Target = std::conditional_t<std::is_const_v<Byte>, const T, T>;
    return TypedView<Target>(buffer_, first_, items.count(), items.stride());
  }

  /// The same bytes as a row of items of another format. Either that one or this one is of bytes.
  /// Cost:   O(1), no copy.
  /// Errors: std::invalid_argument for a format that is not native, or a bad shape; TypeError when
  ///         this view is not contiguous, both formats are of more than bytes, sizes do not match,
  ///         or both sides have a shape.
  [[nodiscard]] Self cast(std::string_view format) const { return Self(buffer_, cast_to(format)); }

  /// The same with any dimensions, up to 64.
  [[nodiscard]] Self cast(std::string_view format, std::span<const std::ptrdiff_t> shape) const {
    return Self(buffer_, cast_to(format, shape));
  }

  [[nodiscard]] Self cast(std::string_view format,
                          std::initializer_list<std::ptrdiff_t> shape) const {
    return cast(format, std::span<const std::ptrdiff_t>(shape.begin(), shape.size()));
  }

  // --- single items ------------------------------------------------------------------------------

  /// Which item of [start, stop) equals `value` first, by value whatever the format; with or
  /// without gaps. Errors: std::invalid_argument when none does; UnsupportedOperation for several
  /// dimensions.
  template <Item T>
  [[nodiscard]] std::size_t index(T value, SliceBound start = std::nullopt,
                                  SliceBound stop = std::nullopt) const {
    const Found found = find_items(ItemValue::of(value), start, stop, false);
    if (found.count == 0) throw_item_not_found(ItemValue::of(value));
    return found.first;
  }

  /// Offset of the first `needle` in the bytes [start, stop).
  /// Errors: std::invalid_argument when it is not there.
  [[nodiscard]] std::size_t index(ByteSpan needle, SliceBound start = std::nullopt,
                                  SliceBound stop = std::nullopt) const {
    return SearchMethods<Self>::index(needle, start, stop);
  }

  /// How many items equal `value`. Errors: UnsupportedOperation for several dimensions.
  template <Item T>
  [[nodiscard]] std::size_t count(T value) const {
    return find_items(ItemValue::of(value), std::nullopt, std::nullopt, true).count;
  }

  /// Occurrences in the bytes [start, stop) that do not overlap.
  [[nodiscard]] std::size_t count(ByteSpan needle, SliceBound start = std::nullopt,
                                  SliceBound stop = std::nullopt) const {
    return SearchMethods<Self>::count(needle, start, stop);
  }

  /// Python's `value in view`.
  template <Item T>
  [[nodiscard]] bool contains(T value) const {
    return find_items(ItemValue::of(value), std::nullopt, std::nullopt, false).count != 0;
  }

 protected:
  ViewMethods() noexcept = default;

  explicit ViewMethods(const ViewCore& core) noexcept : ViewCore(core) {}

  explicit ViewMethods(ViewCore&& core) noexcept : ViewCore(std::move(core)) {}

  ViewMethods(const Buffer& buffer, Window&& window) noexcept
      : ViewCore(buffer, std::move(window)) {}

  explicit ViewMethods(Buffer buffer, Format format = {}) noexcept
      : ViewCore(std::move(buffer), format) {}
};

}  // namespace detail

/// Writes to its memory; made from what may be written to, so never from Bytes.
class QUIRE_API MutableMemoryView : public detail::ViewMethods<MutableMemoryView, std::byte> {
 public:
  /// No bytes.
  MutableMemoryView() noexcept = default;

  /// The whole region as a row of bytes.
  /// REQUIRES: a borrowed region may be written to
  /// Errors:   TypeError for a frozen one.
  explicit MutableMemoryView(Buffer buffer);

  /// All bytes of a ByteArray, live.
  template <detail::Exporter T>
  explicit MutableMemoryView(T& exporter) : MutableMemoryView(exporter.export_buffer()) {}

  /// The items of a span, string, vector or array, in the format of their type.
  /// Lifetime: borrows; the memory must outlive the view.
  template <class R>
  requires detail::WritableBorrowedItems<R>

  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload): the concept refuses views
  explicit MutableMemoryView(R&& range QUIRE_LIFETIMEBOUND) noexcept
      : ViewMethods(detail::borrow(range), Format::of<std::ranges::range_value_t<R>>()) {}

  // NOLINTNEXTLINE(google-explicit-constructor): bytes in one piece go where any bytes do
  operator MutableByteSpan() const QUIRE_LIFETIMEBOUND { return whole(); }

  [[nodiscard]] static constexpr bool readonly() noexcept { return false; }

  /// The same items, read-only; a live view stays live.
  [[nodiscard]] MemoryView toreadonly() const;

  // --- writing: all of it allowed on a const view, which is a window that stays where it is ------

  /// Writes the item at `index`, which counts from the end when negative: a number of any C++ type
  /// that the format can hold.
  /// Errors: std::invalid_argument for a value out of the format's range; TypeError for one of
  ///         another kind; std::out_of_range, TypeError, UnsupportedOperation as get().
  template <Item T>
  void set(std::ptrdiff_t index, T value) const {
    detail::store_item(at(index), layout_.format(), detail::ItemValue::of(value));
  }

  template <Item T>
  void set(std::initializer_list<std::ptrdiff_t> index, T value) const {
    detail::store_item(at(std::span<const std::ptrdiff_t>(index.begin(), index.size())),
                       layout_.format(), detail::ItemValue::of(value));
  }

  /// Writes all items: Python's `view[:] = source`, and with slice() its `view[a:b:c] = source`.
  /// Both may be strided, and may overlap.
  /// Cost:   a copy; two when strided parts overlap.
  /// Errors: std::invalid_argument unless formats and shapes are the same; std::bad_alloc.
  void assign(const detail::ViewCore& source) const { assign_from(source); }

  void assign(ByteSpan source) const { assign_from(source); }

  /// Writes the same value to all items. Errors: as set().
  template <Item T>
  void fill(T value) const {
    fill_with(detail::ItemValue::of(value));
  }

  /// Writes a number's bytes at `offset` of a contiguous view, the twin of read<T>.
  /// Errors: std::out_of_range unless all of them fit; BufferError.
  template <detail::Number T>
  void write(std::size_t offset, T value, std::endian order = std::endian::native) const {
    const MutableByteSpan bytes = span();
    detail::check_range(offset, sizeof(T), bytes.size());
    detail::store(bytes.data() + offset, value, order);
  }

 private:
  friend class ViewMethods<MutableMemoryView, std::byte>;

  MutableMemoryView(const Buffer& buffer, Window&& window) noexcept
      : ViewMethods(buffer, std::move(window)) {}
};

/// Reads, and nothing else.
class QUIRE_API MemoryView : public detail::ViewMethods<MemoryView, const std::byte> {
 public:
  /// No bytes.
  MemoryView() noexcept = default;

  /// The whole region as a row of bytes.
  explicit MemoryView(Buffer buffer) noexcept : ViewMethods(std::move(buffer)) {}

  /// Frozen: shares the memory of the Bytes.
  explicit MemoryView(const Bytes& bytes) noexcept
      : MemoryView(Buffer::frozen(detail::BlockRef::share(bytes.block()), bytes.span())) {}

  /// All bytes of a ByteArray, live.
  template <detail::Exporter T>
  explicit MemoryView(T& exporter) : MemoryView(exporter.export_buffer()) {}

  /// The items of a span, string, vector or array, in the format of their type.
  /// Lifetime: borrows; the memory must outlive the view.
  template <class R>
  requires detail::BorrowedItems<R>

  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload): the concept refuses views
  explicit MemoryView(R&& range QUIRE_LIFETIMEBOUND) noexcept
      : ViewMethods(detail::borrow(range), Format::of<std::ranges::range_value_t<R>>()) {}

  // NOLINTBEGIN(google-explicit-constructor): what may be written to can be read
  /// The same items, read-only; a live view stays live.
  MemoryView(const MutableMemoryView& view) noexcept
      : ViewMethods(static_cast<const detail::ViewCore&>(view)) {}

  MemoryView(MutableMemoryView&& view) noexcept
      : ViewMethods(static_cast<detail::ViewCore&&>(view)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] static constexpr bool readonly() noexcept { return true; }

  [[nodiscard]] MemoryView toreadonly() const {
    check();
    return *this;
  }

  /// Equal to the hash of Bytes of the same content.
  /// Errors: std::invalid_argument for a live view, whose content may change, and for formats of more
  ///         than bytes.
  [[nodiscard]] std::size_t hash() const { return content_hash(); }

 private:
  friend class ViewMethods<MemoryView, const std::byte>;

  MemoryView(const Buffer& buffer, Window&& window) noexcept
      : ViewMethods(buffer, std::move(window)) {}
};

inline MemoryView MutableMemoryView::toreadonly() const {
  check();
  return *this;
}

}  // namespace quire

template <>
struct std::hash<quire::MemoryView> {
  [[nodiscard]] std::size_t operator()(const quire::MemoryView& view) const { return view.hash(); }
};
