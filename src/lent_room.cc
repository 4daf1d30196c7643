#include "quire/detail/lent_room.h"

#include <algorithm>
#include <cstring>
#include <typeinfo>
#include <utility>

#include "quire/error.h"
#include "quire/spooled_io.h"

namespace quire::detail {

BytesIO* lender(Stream& stream, std::size_t least) {
  if (typeid(stream) == typeid(BytesIO)) return static_cast<BytesIO*>(&stream);
  if (typeid(stream) != typeid(SpooledIO)) return nullptr;
  auto& spooled = static_cast<SpooledIO&>(stream);
  const SpooledOptions& options = spooled.options();
  const std::size_t limit =
      std::min(options.max_size == 0 ? npos : options.max_size, options.size_limit);
  const std::size_t end = spooled.closed() ? 0 : checked_add(spooled.tell(), least);
  return !spooled.rolled() && end <= limit ? &spooled : nullptr;
}

LentRoom::LentRoom(BytesIO& stream, std::size_t least) {
  stream.check_open();
  const std::size_t position = stream.position_;
  if (position < stream.size_) {
    // As a view it pins the size, and keeps what others read of the stream apart.
    view_ = stream.export_buffer();
    size_ = stream.size_ - position;
  } else if (stream.fixed()) {
    if (position >= stream.room_ && stream.memory_ == BytesIO::Memory::FixedThrow) {
      throw_full(checked_add(position, least), stream.room_);
    }
    size_ = stream.room_ - std::min(position, stream.room_);
  } else {
    const std::size_t end = checked_add(position, least);
    if (end > stream.options_.size_limit) stream.reach_limit(end);
    if (!stream.block_ && stream.size_ == 0) {
      stream.reserve(std::min(grown_capacity(0, end), stream.options_.size_limit));
    }
    if (stream.size_ < stream.mark_.load(std::memory_order_relaxed) || end > stream.limit_) {
      stream.unshare(stream.size_, end);
    }
    size_ = std::max(stream.limit_, position) - position;
  }
  position_ = position;
  stream_size_ = stream.size_;
  if (size_ != 0 && position > stream_size_) {
    std::memset(stream.data_ + stream_size_, 0, position - stream_size_);
  }
  data_ = size_ != 0 ? stream.data_ + position : nullptr;
  base_ = stream.data_;
  block_ = stream.block_;
  room_ = stream.room_;
  stream_ = &stream;
  // Whoever else appends now leaves the block: a part of it is somebody else's.
  if (!view_ && !stream.fixed()) stream.room_ = stream.limit_ = stream_size_;
}

std::size_t LentRoom::most(const BytesIO& stream) {
  stream.check_open();
  std::size_t end = stream.options_.size_limit;
  if (const auto* const spooled = dynamic_cast<const SpooledIO*>(&stream)) {
    end = spooled->options().size_limit;
  } else if (stream.fixed()) {
    end = stream.memory_ == BytesIO::Memory::FixedThrow ? stream.room_ : npos;
  }
  return end == npos ? npos : end - std::min(stream.position_, end);
}

bool LentRoom::give_back() noexcept {
  if (stream_ == nullptr) return true;
  BytesIO& stream = *std::exchange(stream_, nullptr);
  // Nobody who appends, closes, moves or takes a view leaves all three as they were.
  const bool same =
      stream.data_ == base_ && stream.block_.get() == block_.get() && stream.size_ == stream_size_;
  if (same && !view_ && !stream.fixed()) {
    stream.room_ = room_;
    stream.close_window();
  }
  view_.reset();
  block_ = BlockRef();
  return same;
}

void LentRoom::commit(std::size_t count) {
  if (stream_ == nullptr) return;
  BytesIO& stream = *stream_;
  const std::size_t end = position_ + count;
  if (!give_back() && count != 0) throw_changed_while_lent(count);
  if (count == 0) return;
  stream.position_ = end;
  stream.size_ = std::max(stream.size_, end);
  stream.count_copied(CopyReason::Caller, count);
}

BlockRef LentRoom::block_of(const BytesIO& stream, ByteSpan* bytes) {
  *bytes = ByteSpan(stream.data_, stream.size());
  return stream.block_;
}

}  // namespace quire::detail
