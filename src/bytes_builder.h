// BytesBuilder: collects bytes of which nobody knows the number yet, and hands them out as Bytes.
//
// Lifetime: the result owns the memory, the builder is then empty. Thread: one owner, no sharing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/block.h"
#include "quire/ledger.h"

namespace quire::detail {

/// A size to read is only a wish until the bytes are there: memory for more than this is taken as
/// they arrive.
inline constexpr std::size_t kFirstRead = 1024 * 1024;

class BytesBuilder {
 public:
  /// Bytes collected so far.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// All the room behind the collected bytes, at least `count`. Fill it from the front and commit.
  /// Cost:   amortised O(count).
  /// Errors: std::bad_alloc, std::length_error.
  [[nodiscard]] MutableByteSpan room(std::size_t count) {
    const std::size_t needed = checked_add(size_, count);
    if (needed > capacity()) reallocate(block_ ? grown_capacity(capacity(), needed) : needed);
    return block_ ? MutableByteSpan(block_->data + size_, capacity() - size_) : MutableByteSpan();
  }

  /// REQUIRES: count <= the size of what room() returned
  void commit(std::size_t count) noexcept { size_ += count; }

  void append(ByteSpan data) {
    if (data.empty()) return;
    std::memcpy(room(data.size()).data(), data.data(), data.size());
    commit(data.size());
    count_copied(CopyReason::GetValue, data.size());
  }

  /// The collected bytes. Room that was not needed is given back when it is worth it.
  [[nodiscard]] Bytes finish() noexcept {
    if (size_ == 0) return {};
    if (capacity() - size_ > size_ / 8) {
      std::size_t copied = 0;
      // If that fails the room stays, which harms nobody.
      static_cast<void>(resize(block_, size_, size_, &copied));
    }
    const std::byte* const data = block_->data;
    return {std::move(block_), data, std::exchange(size_, 0)};
  }

 private:
  [[nodiscard]] std::size_t capacity() const noexcept { return block_ ? block_->capacity : 0; }

  void reallocate(std::size_t capacity) {
    if (block_) {
      std::size_t copied = 0;
      if (resize(block_, size_, capacity, &copied)) return;
    }
    BlockRef fresh = new_heap_block(capacity);
    if (size_ != 0) {
      std::memcpy(fresh->data, block_->data, size_);
      count_copied(CopyReason::Growth, size_);
    }
    block_ = std::move(fresh);
  }

  BlockRef block_;
  std::size_t size_ = 0;
};

/// Adds what `readinto(room)` delivers, until `limit` bytes are together or it delivers none. Asks
/// at least once. Room for `expected` bytes is taken at the start, more as they arrive.
template <class ReadInto>
void read_into(BytesBuilder& result, std::size_t limit, std::size_t expected, ReadInto&& readinto) {
  std::size_t wanted = expected;
  std::size_t count = 0;
  do {
    const MutableByteSpan room = result.room(wanted);
    count = readinto(room.subspan(0, std::min(room.size(), limit - result.size())));
    result.commit(count);
    wanted = 1;
  } while (count != 0 && result.size() < limit);
}

}  // namespace quire::detail
