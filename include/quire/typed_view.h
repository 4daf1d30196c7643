// TypedView: the items of a view as C++ objects: a random-access range of T.
//
//   for (std::int32_t& sample : view.cast<std::int32_t>()) sample *= 2;
//
// A TypedView<const T> is for reading, a TypedView<T> writes to the memory as well. Where the items
// lie without gaps, span() is all of them as a std::span.
//
// Lifetime: keeps the memory as the view that it was made from does; iterators and references need
// the memory, not the TypedView. Thread: as the view.
#pragma once

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "quire/buffer.h"
#include "quire/error.h"
#include "quire/layout.h"
#include "quire/slice.h"

namespace quire {

/// Walks items that lie `stride` bytes apart.
template <class T>
class StridedIterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = std::remove_cv_t<T>;
  using difference_type = std::ptrdiff_t;
  using pointer = T*;
  using reference = T&;
  using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;

  StridedIterator() noexcept = default;

  StridedIterator(Byte* first, std::ptrdiff_t stride, std::ptrdiff_t index) noexcept
      : first_(first), stride_(stride), index_(index) {}

  /// Writable items can be read.
  // NOLINTNEXTLINE(google-explicit-constructor): as a T* becomes a const T*
  operator StridedIterator<const T>() const noexcept requires(!std::is_const_v<T>) {
    return {first_, stride_, index_};
  }

  [[nodiscard]] T& operator*() const noexcept { return (*this)[0]; }

  [[nodiscard]] T* operator->() const noexcept { return &**this; }

  [[nodiscard]] T& operator[](std::ptrdiff_t n) const noexcept {
    return *reinterpret_cast<T*>(first_ + (index_ + n) * stride_);
  }

  StridedIterator& operator++() noexcept { return *this += 1; }

  StridedIterator& operator--() noexcept { return *this -= 1; }

  StridedIterator operator++(int) noexcept { return std::exchange(*this, *this + 1); }

  StridedIterator operator--(int) noexcept { return std::exchange(*this, *this - 1); }

  StridedIterator& operator+=(std::ptrdiff_t n) noexcept {
    index_ += n;
    return *this;
  }

  StridedIterator& operator-=(std::ptrdiff_t n) noexcept { return *this += -n; }

  [[nodiscard]] friend StridedIterator operator+(StridedIterator it, std::ptrdiff_t n) noexcept {
    return it += n;
  }

  [[nodiscard]] friend StridedIterator operator+(std::ptrdiff_t n, StridedIterator it) noexcept {
    return it += n;
  }

  [[nodiscard]] friend StridedIterator operator-(StridedIterator it, std::ptrdiff_t n) noexcept {
    return it -= n;
  }

  [[nodiscard]] friend std::ptrdiff_t operator-(StridedIterator a, StridedIterator b) noexcept {
    return a.index_ - b.index_;
  }

  [[nodiscard]] friend bool operator==(StridedIterator a, StridedIterator b) noexcept {
    return a.index_ == b.index_;
  }

  [[nodiscard]] friend std::strong_ordering operator<=>(StridedIterator a,
                                                        StridedIterator b) noexcept {
    return a.index_ <=> b.index_;
  }

 private:
  // An index rather than an address: the end of a strided row lies outside of its memory.
  Byte* first_ = nullptr;
  std::ptrdiff_t stride_ = 0;
  std::ptrdiff_t index_ = 0;
};

/// bool is not among the items: a byte that is neither 0 nor 1 is none. Read those with get<bool>.
template <class T>

requires Item<std::remove_const_t<T>> &&
    (!std::same_as<std::remove_const_t<T>, bool>)class TypedView {
 public:
  using element_type = T;
  using value_type = std::remove_const_t<T>;
  using iterator = StridedIterator<T>;

  /// No items.
  TypedView() noexcept = default;

  /// For those who make views.
  /// REQUIRES: `count` aligned items in `buffer`, `stride` bytes apart; writable ones for such a T
  TypedView(Buffer buffer, typename iterator::Byte* first, std::size_t count,
            std::ptrdiff_t stride) noexcept
      : buffer_(std::move(buffer)), first_(first), count_(count), stride_(stride) {}

  /// Writable items can be read.
  // NOLINTNEXTLINE(google-explicit-constructor): as a span of T becomes one of const T
  operator TypedView<const T>() const noexcept requires(!std::is_const_v<T>) {
    return {buffer_, first_, count_, stride_};
  }

  [[nodiscard]] std::size_t size() const noexcept { return count_; }

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

  /// Bytes from one item to the next.
  [[nodiscard]] std::ptrdiff_t stride() const noexcept { return stride_; }

  /// Whether span() is there.
  [[nodiscard]] bool contiguous() const noexcept {
    return count_ <= 1 || stride_ == static_cast<std::ptrdiff_t>(sizeof(T));
  }

  /// Negative counts from the end.
  /// Errors: std::out_of_range.
  template <std::integral I>
  [[nodiscard]] T& operator[](I index) const {
    return begin()[static_cast<std::ptrdiff_t>(detail::resolve_index(index, count_))];
  }

  [[nodiscard]] iterator begin() const noexcept { return {first_, stride_, 0}; }

  [[nodiscard]] iterator end() const noexcept {
    return {first_, stride_, static_cast<std::ptrdiff_t>(count_)};
  }

  /// Errors: BufferError unless contiguous().
  [[nodiscard]] std::span<T> span() const {
    if (!contiguous()) detail::throw_not_contiguous();
    return {reinterpret_cast<T*>(first_), count_};
  }

  /// Every `step`th item from `start` up to `stop`, by Python's rules for slices.
  /// Cost:   O(1), no copy.
  /// Errors: std::invalid_argument for a step of 0.
  [[nodiscard]] TypedView slice(SliceBound start, SliceBound stop = std::nullopt,
                                std::ptrdiff_t step = 1) const {
    const detail::StridedRange part = detail::resolve(start, stop, step, count_);
    if (part.count == 0) return {buffer_, first_, 0, stride_};
    return {buffer_, first_ + part.start * stride_, part.count,
            part.count == 1 ? stride_ : stride_ * step};
  }

  /// A copy of the items.
  [[nodiscard]] std::vector<value_type> tolist() const { return {begin(), end()}; }

  /// The same values; NaN equals nothing.
  [[nodiscard]] friend bool operator==(const TypedView& a, const TypedView& b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  Buffer buffer_;
  typename iterator::Byte* first_ = nullptr;
  std::size_t count_ = 0;
  std::ptrdiff_t stride_ = sizeof(T);
};

}  // namespace quire
