#include "quire/detail/stream_areas.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "do_both.h"
#include "quire/bytes_io.h"
#include "quire/error.h"

namespace quire::detail {

namespace {

// From this size on a class derived from BytesIO always shares what it reads.
constexpr std::size_t kReadPiece = std::size_t{64} << 10;

constexpr std::size_t kWriteBuffer = std::size_t{32} << 10;

Stream& checked(const StreamHandle& stream) {
  if (!stream) throw_closed();
  return *stream;
}

}  // namespace

// --- ReadArea ------------------------------------------------------------------------------------

ReadArea::ReadArea(StreamHandle stream) : stream_(std::move(stream)) {
  if (!stream_) throw_invalid("there is no stream to read");
  if (!stream_->readable()) throw_unsupported("read");
}

Stream& ReadArea::inner() const {
  return checked(stream_);
}

bool ReadArea::refill() {
  Stream& stream = inner();
  area_ = {};
  next_ = 0;
  if (BytesIO* const lending = lender(stream, 0)) {
    const std::size_t at = lending->tell();
    if (at >= lending->size()) return false;
    lent_ = LentBytes(*lending);
    area_ = lent_.span().subspan(at);
    lending->seek(0, Whence::End);
  } else {
    piece_ = stream.read1(kReadPiece);
    area_ = piece_;
  }
  return !area_.empty();
}

ByteSpan ReadArea::next(std::size_t most) {
  last_ = 0;
  if (next_ == area_.size() && !refill()) return {};
  last_ = std::min(most, area_.size() - next_);
  next_ += last_;
  return area_.subspan(next_ - last_, last_);
}

std::size_t ReadArea::skip(std::size_t count) {
  last_ = 0;
  std::size_t done = std::min(count, area_.size() - next_);
  next_ += done;
  Stream& stream = inner();
  if (done < count && stream.seekable()) {
    const std::size_t at = stream.tell();
    const std::size_t end = stream.seek(0, Whence::End);
    const std::size_t here = std::min(count - done, end > at ? end - at : 0);
    stream.seek(static_cast<std::ptrdiff_t>(at + here));
    done += here;
  } else {
    while (done < count && refill()) {
      next_ = std::min(count - done, area_.size());
      done += next_;
    }
  }
  return done;
}

Stream& ReadArea::settle() {
  Stream& stream = inner();
  const auto ahead = static_cast<std::ptrdiff_t>(area_.size() - next_);
  if (ahead != 0 && stream.seekable()) {
    stream.seek(-ahead, Whence::Current);
    area_ = {};
    next_ = 0;
  }
  last_ = 0;
  return stream;
}

void ReadArea::close() {
  if (!stream_) return;
  do_both([this] { settle(); }, [this] { std::exchange(stream_, {}).finish(); });
}

// --- WriteArea -----------------------------------------------------------------------------------

WriteArea::WriteArea(StreamHandle stream) : stream_(std::move(stream)) {
  if (!stream_) throw_invalid("there is no stream to write to");
  if (!stream_->writable()) throw_unsupported("write");
}

Stream& WriteArea::inner() const {
  return checked(stream_);
}

void WriteArea::write_out(ByteSpan data) {
  while (!data.empty()) {
    const std::size_t count = inner().write_some(data);
    if (count == 0) throw_errno(ENOSPC, "the stream takes no more");
    data = data.subspan(count);
  }
}

MutableByteSpan WriteArea::next(std::size_t most) {
  if (room_) back_up(0);
  last_ = 0;
  if (filled_ == kWriteBuffer) settle();
  MutableByteSpan room;
  if (BytesIO* const lending = filled_ == 0 ? lender(inner()) : nullptr) {
    room_.emplace(*lending);
    room = room_->span();
    if (room.empty()) {
      room_.reset();
      throw_errno(ENOSPC, "the stream takes no more");
    }
    last_ = std::min(most, room.size());
  } else {
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(kWriteBuffer);
    room = MutableByteSpan(buffer_.get(), kWriteBuffer).subspan(filled_);
    last_ = std::min(most, room.size());
    filled_ += last_;
  }
  return room.subspan(0, last_);
}

void WriteArea::back_up(std::size_t count) {
  const std::size_t kept = std::exchange(last_, 0) - count;
  if (room_) {
    room_->commit(kept);
    room_.reset();
  } else {
    filled_ -= count;
  }
}

void WriteArea::write(ByteSpan data) {
  settle();
  write_out(data);
}

Stream& WriteArea::settle() {
  if (room_) back_up(0);
  last_ = 0;
  // Once: what failed to be written is not tried again behind what may follow.
  if (filled_ != 0) write_out(MutableByteSpan(buffer_.get(), std::exchange(filled_, 0)));
  return inner();
}

void WriteArea::close() {
  if (!stream_) return;
  do_both([this] { settle(); }, [this] { std::exchange(stream_, {}).finish(); });
}

}  // namespace quire::detail
