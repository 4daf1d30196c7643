#include "quire/adapters/asio.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "quire/detail/lent_room.h"
#include "quire/error.h"
#include "quire/ledger.h"

namespace quire {

namespace {

// Less than this is not worth moving the rest of a stream to its beginning.
constexpr std::size_t kLeastToGiveUp = std::size_t{64} << 10;

}  // namespace

struct StreamBuffer::State {
  std::shared_ptr<BytesIO> owned;
  BytesIO& stream;
  std::size_t max_size;

  // Up to there consume() has passed everything, and it may be given up.
  std::size_t consumed = 0;

  // What was prepared: lent by the stream, or else a block of its own.
  std::optional<detail::LentRoom> room;
  detail::BlockRef block;
  std::size_t prepared = 0;

  State(BytesIO& stream_, std::size_t max_size_, std::shared_ptr<BytesIO> owned_)
      : owned(std::move(owned_)), stream(stream_), max_size(max_size_) {
    static_cast<void>(stream.tell());  // which a closed one refuses
  }

  [[nodiscard]] std::size_t left() const {
    const std::size_t size = stream.size();
    return size - std::min(size, stream.tell());
  }

  /// Does what works at the end of the stream, whose position stays.
  template <class Action>
  void at_end(Action action) {
    const auto position = static_cast<std::ptrdiff_t>(stream.tell());
    stream.seek(0, Whence::End);
    try {
      action();
    } catch (...) {
      stream.seek(position);
      throw;
    }
    stream.seek(position);
  }

  void give_up_consumed() {
    const std::size_t position = stream.tell();
    // The stream was cleared, or is to be read again.
    if (position < consumed) consumed = 0;
    if (consumed == 0 || consumed != position) return;
    const std::size_t rest = left();
    if (position < rest || (rest != 0 && position < kLeastToGiveUp)) return;
    if (rest == 0) {
      stream.clear();
    } else {
      {
        const MutableMemoryView all = stream.getbuffer();
        std::memmove(all.data(), all.data() + position, rest);
      }
      detail::count_copied(CopyReason::Growth, rest);
      stream.truncate(rest);
      stream.seek(0);
    }
    consumed = 0;
  }
};

StreamBuffer::StreamBuffer(BytesIO& stream, std::size_t max_size)
    : state_(std::make_shared<State>(stream, max_size, nullptr)) {}

StreamBuffer::StreamBuffer(std::shared_ptr<BytesIO> stream, std::size_t max_size)
    : state_(std::make_shared<State>(*stream, max_size, stream)) {}

std::size_t StreamBuffer::size() const {
  return state_->left();
}

std::size_t StreamBuffer::max_size() const noexcept {
  return state_->max_size;
}

std::size_t StreamBuffer::capacity() const {
  const BytesIO& stream = state_->stream;
  const std::size_t capacity = std::max(stream.capacity(), stream.size());
  return std::min(max_size(), capacity - std::min(capacity, stream.tell()));
}

StreamBuffer::const_buffers_type StreamBuffer::data() const {
  const detail::LentBytes all(state_->stream);
  const ByteSpan left = all.span().subspan(all.span().size() - state_->left());
  return const_buffers_type({{left.data(), left.size()}, all.block()});
}

StreamBuffer::mutable_buffers_type StreamBuffer::prepare(std::size_t size) {
  State& state = *state_;
  state.room.reset();
  state.block = {};
  state.prepared = 0;
  const std::size_t end = detail::checked_add(state.left(), size);
  if (end > state.max_size) detail::throw_over_limit(end, state.max_size);
  if (size == 0) return {};
  state.give_up_consumed();

  MutableByteSpan room;
  state.at_end([&] {
    if (BytesIO* const lending = detail::lender(state.stream, size)) {
      state.room.emplace(*lending, size);
      room = state.room->span();
      state.block = state.room->block();
      if (room.size() < size) detail::throw_full(size, room.size());
    } else {
      state.block = detail::new_heap_block(size);
      room = {state.block->data, size};
    }
  });
  state.prepared = size;
  return mutable_buffers_type({{room.data(), size}, state.block});
}

void StreamBuffer::commit(std::size_t size) {
  State& state = *state_;
  const std::size_t count = std::min(size, std::exchange(state.prepared, 0));
  const detail::BlockRef block = std::move(state.block);
  state.at_end([&] {
    if (state.room) {
      state.room->commit(count);
    } else if (count != 0) {
      state.stream.write(ByteSpan(block->data, count));
    }
  });
  state.room.reset();
}

void StreamBuffer::consume(std::size_t size) {
  State& state = *state_;
  const std::size_t count = std::min(size, state.left());
  const std::size_t before = state.stream.tell();
  const std::size_t after = state.stream.seek(static_cast<std::ptrdiff_t>(count), Whence::Current);
  if (before == 0 || before == state.consumed) state.consumed = after;
}

}  // namespace quire
