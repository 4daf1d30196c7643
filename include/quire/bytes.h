// Bytes: immutable bytes that share memory (Python's bytes).
//
//   Bytes v ----+      block
//               +---> [ h e l l o   w o r l d ]
//   v.slice(6) -+               ^-- five bytes of the same block
//
// Lifetime: a Bytes keeps its memory alive by itself, whatever it was made from. `data()` stays the
// same when the handle is copied or moved. Thread: handles of the same memory are independent
// objects; any thread may copy, read and drop its own.
#pragma once

#include <compare>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/byte_span.h"
#include "quire/detail/block.h"
#include "quire/detail/export.h"
#include "quire/slice.h"

namespace quire {

class QUIRE_API Bytes {
 public:
  using value_type = std::byte;
  using const_iterator = const std::byte*;
  using iterator = const_iterator;

  /// Empty.
  Bytes() noexcept = default;

  /// A copy of `data`.
  explicit Bytes(ByteSpan data);

  /// Shares memory that the block owns; null means that it is static. For those who make Bytes: the
  /// region must never change while the handle, or a copy of it, lives.
  Bytes(detail::BlockRef block, const std::byte* data, std::size_t size) noexcept
      : block_(std::move(block)), data_(data), size_(size) {}

  Bytes(const Bytes&) noexcept = default;
  Bytes& operator=(const Bytes&) noexcept = default;

  Bytes(Bytes&& other) noexcept
      : block_(std::move(other.block_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}

  Bytes& operator=(Bytes&& other) noexcept {
    Bytes(std::move(other)).swap(*this);
    return *this;
  }

  ~Bytes() = default;

  void swap(Bytes& other) noexcept {
    block_.swap(other.block_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  [[nodiscard]] const std::byte* data() const noexcept QUIRE_LIFETIMEBOUND { return data_; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  [[nodiscard]] const_iterator begin() const noexcept QUIRE_LIFETIMEBOUND { return data_; }

  [[nodiscard]] const_iterator end() const noexcept QUIRE_LIFETIMEBOUND { return data_ + size_; }

  /// The bytes from `start` up to `stop`, by Python's rules for slices.
  /// Lifetime: shares memory with this.
  /// Cost:     O(1), no copy.
  [[nodiscard]] Bytes slice(SliceBound start, SliceBound stop = std::nullopt) const noexcept {
    const detail::Range range = detail::resolve(start, stop, size_);
    if (range.count == 0) return {};
    return {block_, data_ + range.offset, range.count};
  }

  /// The block that keeps the memory alive; null when empty or static.
  [[nodiscard]] detail::Block* block() const noexcept { return block_.get(); }

 private:
  detail::BlockRef block_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace quire
