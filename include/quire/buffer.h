// Buffer: an exported region of memory and the promise that goes with it (our Py_buffer).
//
//   Frozen    made from Bytes: the content never changes, the region may cross threads
//   Live      made from a ByteArray or a stream: sees later writes; its owner cannot be resized
//   Borrowed  made from the caller's span, string, vector or array: the caller keeps it alive
//
// Lifetime: Frozen and Live buffers keep the memory alive themselves, whatever becomes of the object
// they were made from. Thread: copies of a Frozen buffer are independent; Live and Borrowed ones
// follow the rules of the memory they look at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "quire/byte_span.h"
#include "quire/detail/block.h"
#include "quire/detail/export.h"

namespace quire {

class Buffer {
 public:
  enum class Kind : std::uint8_t { Borrowed, Frozen, Live };

  /// An empty region.
  Buffer() noexcept = default;

  /// The caller's own memory, not kept alive.
  static Buffer borrowed(ByteSpan region) noexcept {
    return Buffer(detail::BlockRef(), region, Kind::Borrowed);
  }

  /// Memory that never changes; a null block means that it is static.
  static Buffer frozen(detail::BlockRef block, ByteSpan region) noexcept {
    return Buffer(std::move(block), region, Kind::Frozen);
  }

  /// Memory that its owner goes on writing to; pinned until the last copy is gone.
  /// REQUIRES: block
  static Buffer live(detail::BlockRef block, ByteSpan region) noexcept {
    block->add_export();
    return Buffer(std::move(block), region, Kind::Live);
  }

  Buffer(const Buffer& other) noexcept
      : block_(other.block_), data_(other.data_), size_(other.size_), kind_(other.kind_) {
    if (kind_ == Kind::Live && block_) block_->add_export();
  }

  Buffer(Buffer&& other) noexcept
      : block_(std::move(other.block_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        kind_(std::exchange(other.kind_, Kind::Borrowed)) {}

  Buffer& operator=(const Buffer& other) noexcept {
    Buffer(other).swap(*this);
    return *this;
  }

  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }

  // The export goes before the ownership does: whoever then finds itself the only owner finds no
  // export either.
  ~Buffer() {
    if (kind_ == Kind::Live && block_) block_->remove_export();
  }

  void swap(Buffer& other) noexcept {
    block_.swap(other.block_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(kind_, other.kind_);
  }

  [[nodiscard]] const std::byte* data() const noexcept { return data_; }

  /// Bytes in the region.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] Kind kind() const noexcept { return kind_; }

  /// What keeps the memory alive; null when it is borrowed, static or empty.
  [[nodiscard]] detail::Block* block() const noexcept { return block_.get(); }

 private:
  Buffer(detail::BlockRef block, ByteSpan region, Kind kind) noexcept
      : block_(std::move(block)), data_(region.data()), size_(region.size()), kind_(kind) {}

  detail::BlockRef block_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  Kind kind_ = Kind::Borrowed;
};

}  // namespace quire
