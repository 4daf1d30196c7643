#include "quire/buffered_io.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "bytes_builder.h"
#include "do_both.h"
#include "quire/error.h"
#include "quire/ledger.h"

namespace quire {

BufferedStream::BufferedStream(StreamHandle raw, std::size_t buffer_size, Access access)
    : raw_(std::move(raw)), buffer_size_(buffer_size), access_(access) {
  if (!raw_) detail::throw_invalid("a buffered stream needs a stream to stand on");
  if (access == Access::Both && !raw_->seekable()) {
    detail::throw_unsupported("File or stream is not seekable.");
  }
  if (access != Access::Write && !raw_->readable()) {
    detail::throw_unsupported("File or stream is not readable.");
  }
  if (access != Access::Read && !raw_->writable()) {
    detail::throw_unsupported("File or stream is not writable.");
  }
  if (buffer_size == 0) detail::throw_invalid("buffer size must be strictly positive, not 0");
}

BufferedStream& BufferedStream::operator=(BufferedStream&& other) noexcept {
  if (this != &other) {
    settle_quietly();
    raw_ = std::move(other.raw_);
    block_ = std::move(other.block_);
    buffer_size_ = other.buffer_size_;
    position_ = other.position_;
    end_ = other.end_;
    dirty_begin_ = other.dirty_begin_;
    dirty_end_ = other.dirty_end_;
    raw_at_ = other.raw_at_;
    raw_position_ = other.raw_position_;
    access_ = other.access_;
  }
  return *this;
}

BufferedStream::~BufferedStream() {
  settle_quietly();
}

// --- what can be done
// -----------------------------------------------------------------------------

void BufferedStream::require_readable() const {
  check_open();
  if (access_ == Access::Write) detail::throw_unsupported("read");
}

void BufferedStream::require_writable() const {
  check_open();
  if (access_ == Access::Read) detail::throw_unsupported("write");
}

bool BufferedStream::readable() const {
  check_open();
  return access_ != Access::Write;
}

bool BufferedStream::writable() const {
  check_open();
  return access_ != Access::Read;
}

bool BufferedStream::seekable() const {
  check_open();
  return raw_->seekable();
}

bool BufferedStream::isatty() const {
  check_open();
  return raw_->isatty();
}

int BufferedStream::fileno() const {
  check_open();
  return raw_->fileno();
}

Stream& BufferedStream::raw() const {
  if (!raw_) detail::throw_closed();
  return *raw_;
}

// --- the buffer
// -----------------------------------------------------------------------------------

ByteSpan BufferedStream::ahead() const noexcept {
  if (position_ == end_) return {};
  return {block_->data + position_, end_ - position_};
}

Bytes BufferedStream::take(std::size_t count) {
  if (count == 0) return {};
  const std::byte* const data = block_->data + position_;
  // Sharing keeps the whole buffer alive: worth it only when most of it is asked for.
  if (count >= std::max(buffer_size_, end_) / 2) {
    Bytes result(block_, data, count);
    detail::count_shared(CopyReason::GetValue, count);
    position_ += count;
    return result;
  }
  detail::BytesBuilder result;
  result.append({data, count});
  position_ += count;
  return result.finish();
}

void BufferedStream::forget() noexcept {
  position_ = end_ = raw_at_ = 0;
}

void BufferedStream::own_buffer() {
  if (block_ && block_->unique() && block_->capacity >= buffer_size_) return;
  detail::BlockRef fresh = detail::new_heap_block(std::max(buffer_size_, end_));
  if (end_ != 0) {
    std::memcpy(fresh->data, block_->data, end_);
    detail::count_copied(CopyReason::CopyOnWrite, end_);
  }
  block_ = std::move(fresh);
}

void BufferedStream::move_raw(std::size_t at) {
  if (raw_at_ == at) return;
  const auto by = static_cast<std::ptrdiff_t>(at) - static_cast<std::ptrdiff_t>(raw_at_);
  raw_position_ = raw_->seek(by, Whence::Current);
  raw_at_ = at;
}

void BufferedStream::write_dirty() {
  if (dirty_begin_ == dirty_end_) return;
  move_raw(dirty_begin_);
  // Not where we think for a file opened for appending: there the system moves it to the end first.
  raw_position_.reset();
  while (dirty_begin_ < dirty_end_) {
    const ByteSpan dirty(block_->data + dirty_begin_, dirty_end_ - dirty_begin_);
    const std::size_t written = raw_->write_some(dirty);
    if (written == 0) {
      detail::throw_errno(ENOSPC, "write: the stream underneath takes no more, " +
                                      std::to_string(dirty.size()) + " bytes are left");
    }
    dirty_begin_ += written;
    raw_at_ += written;
  }
  dirty_begin_ = dirty_end_ = 0;
}

void BufferedStream::prepare_to_read() {
  write_dirty();
  move_raw(end_);
}

std::size_t BufferedStream::read_raw(MutableByteSpan target) {
  forget();
  const std::size_t count = raw_->readinto(target);
  if (raw_position_) *raw_position_ += count;
  return count;
}

std::size_t BufferedStream::fill() {
  forget();
  own_buffer();
  end_ = raw_at_ = read_raw({block_->data, buffer_size_});
  return end_;
}

void BufferedStream::put_back(detail::BytesBuilder& taken) noexcept {
  const Bytes bytes = taken.finish();
  if (bytes.empty()) return;
  block_ = detail::BlockRef::share(bytes.block());
  position_ = 0;
  end_ = raw_at_ = bytes.size();
}

void BufferedStream::settle() {
  write_dirty();
  if (raw_at_ != position_ && raw_->seekable()) move_raw(position_);
}

void BufferedStream::settle_quietly() noexcept {
  if (closed()) return;
  try {
    settle();
  } catch (...) {
    // Nobody is left to tell: see close().
    return;
  }
}

// --- reading
// --------------------------------------------------------------------------------------

Bytes BufferedStream::read(std::ptrdiff_t size) {
  require_readable();
  const std::size_t limit = size < 0 ? npos : static_cast<std::size_t>(size);
  if (limit <= ahead().size()) return take(limit);
  prepare_to_read();
  if (size < 0 && raw_->seekable()) return read_all_anew();
  if (ahead().empty() && limit < buffer_size_) {
    if (fill() == 0) return {};
    if (limit <= ahead().size()) return take(limit);
  }
  detail::BytesBuilder result;
  try {
    static_cast<void>(result.room(std::min(limit, detail::kFirstRead)));
    result.append(ahead());
    position_ = end_;
    for (std::size_t count = 1; count != 0 && result.size() < limit;) {
      // Whole buffers go straight into the result; so the raw stream's reads keep beginning where
      // its blocks do. A size beyond the end costs nothing, as the room grows with what comes.
      const std::size_t missing = limit - result.size();
      const std::size_t wanted = std::min(missing, std::max(result.size(), detail::kFirstRead));
      const MutableByteSpan room = result.room(std::max(wanted, std::min(missing, buffer_size_)));
      if (missing >= buffer_size_) {
        const std::size_t whole = std::min(room.size(), missing);
        count = read_raw(room.subspan(0, whole - whole % buffer_size_));
        result.commit(count);
      } else {
        count = std::min(fill(), missing);
        result.append({block_->data, count});
        position_ = count;
      }
    }
  } catch (...) {
    put_back(result);
    throw;
  }
  return result.finish();
}

Bytes BufferedStream::read_all_anew() {
  move_raw(position_);
  forget();
  raw_position_.reset();
  const std::size_t start = raw_->tell();
  try {
    return raw_->read();
  } catch (...) {
    raw_->seek(static_cast<std::ptrdiff_t>(start));
    throw;
  }
}

Bytes BufferedStream::read1(std::ptrdiff_t size) {
  require_readable();
  const std::size_t limit = size < 0 ? buffer_size_ : static_cast<std::size_t>(size);
  if (limit == 0) return {};
  if (!ahead().empty()) return take(std::min(limit, ahead().size()));
  prepare_to_read();
  forget();
  raw_position_.reset();
  return raw_->read1(static_cast<std::ptrdiff_t>(std::min(limit, detail::kMaxSize)));
}

std::size_t BufferedStream::readinto(MutableByteSpan target) {
  require_readable();
  if (target.size() > ahead().size()) prepare_to_read();
  std::size_t filled = 0;
  const auto copy_ahead = [&] {
    const std::size_t count = std::min(ahead().size(), target.size() - filled);
    if (count != 0) std::memcpy(target.data() + filled, ahead().data(), count);
    detail::count_copied(CopyReason::Caller, count);
    position_ += count;
    filled += count;
  };
  copy_ahead();
  try {
    for (std::size_t count = 1; count != 0 && filled < target.size();) {
      if (target.size() - filled >= buffer_size_) {
        count = read_raw(target.subspan(filled));
        filled += count;
      } else {
        count = fill();
        copy_ahead();
      }
    }
  } catch (...) {
    detail::BytesBuilder taken;
    taken.append(target.subspan(0, filled));
    put_back(taken);
    throw;
  }
  return filled;
}

Bytes BufferedStream::readline(std::ptrdiff_t size) {
  require_readable();
  const std::size_t limit = size < 0 ? npos : static_cast<std::size_t>(size);
  // How much of what is ahead belongs to a line of which `before` bytes are known.
  bool complete = false;
  const auto measure = [&](std::size_t before) {
    const ByteSpan bytes = ahead();
    const std::size_t count = std::min(bytes.size(), limit - before);
    const void* const found = count == 0 ? nullptr : std::memchr(bytes.data(), '\n', count);
    complete = found != nullptr || before + count == limit;
    if (found == nullptr) return count;
    return static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data()) + 1;
  };
  if (const std::size_t count = measure(0); complete) return take(count);
  prepare_to_read();
  if (ahead().empty() && fill() == 0) return {};
  if (const std::size_t count = measure(0); complete) return take(count);
  detail::BytesBuilder line;
  try {
    for (std::size_t count = ahead().size(); count != 0;) {
      line.append({block_->data + position_, count});
      position_ += count;
      if (complete) break;
      static_cast<void>(line.room(buffer_size_));
      fill();
      count = measure(line.size());
    }
  } catch (...) {
    put_back(line);
    throw;
  }
  return line.finish();
}

Bytes BufferedStream::peek_buffer() {
  require_readable();
  if (ahead().empty()) {
    prepare_to_read();
    fill();
  }
  const ByteSpan bytes = ahead();
  if (bytes.empty()) return {};
  detail::count_shared(CopyReason::GetValue, bytes.size());
  return {block_, bytes.data(), bytes.size()};
}

// --- writing
// --------------------------------------------------------------------------------------

std::size_t BufferedStream::write(ByteSpan data) {
  return accept(data) ? data.size() : raw_->write(data);
}

std::size_t BufferedStream::write_some(ByteSpan data) {
  return accept(data) ? data.size() : raw_->write_some(data);
}

bool BufferedStream::accept(ByteSpan data) {
  require_writable();
  if (data.empty()) return true;
  // With nothing in it that is still of use, the buffer starts anew.
  if (position_ == end_ && dirty_begin_ == dirty_end_ && raw_at_ == position_) forget();
  if (position_ > buffer_size_ || data.size() > buffer_size_ - position_) {
    write_dirty();
    move_raw(position_);
    forget();
    if (data.size() >= buffer_size_) {
      raw_position_.reset();
      return false;
    }
  }
  own_buffer();
  std::memcpy(block_->data + position_, data.data(), data.size());
  detail::count_copied(CopyReason::Caller, data.size());
  const std::size_t written_end = position_ + data.size();
  // One dirty piece: what lies between two writes is what the raw stream has there anyway.
  dirty_begin_ = dirty_begin_ == dirty_end_ ? position_ : std::min(dirty_begin_, position_);
  dirty_end_ = std::max(dirty_end_, written_end);
  end_ = std::max(end_, written_end);
  position_ = written_end;
  return true;
}

std::size_t BufferedStream::truncate(std::optional<std::size_t> size) {
  check_open();
  if (access_ == Access::Read) detail::throw_unsupported("truncate");
  const std::size_t target = size ? detail::truncate_target(size, 0) : tell();
  write_dirty();
  move_raw(position_);
  forget();
  return raw_->truncate(target);
}

// --- the position
// ---------------------------------------------------------------------------------

std::size_t BufferedStream::seek(std::ptrdiff_t offset, Whence whence) {
  check_open();
  if (!raw_->seekable()) detail::throw_unsupported("File or stream is not seekable.");
  const auto position = static_cast<std::ptrdiff_t>(position_);
  if (end_ != 0 && (whence == Whence::Current || (whence == Whence::Begin && offset >= 0))) {
    if (!raw_position_) raw_position_ = raw_->tell();
    const std::size_t here = *raw_position_ - raw_at_ + position_;
    const std::ptrdiff_t by =
        whence == Whence::Begin ? offset - static_cast<std::ptrdiff_t>(here) : offset;
    if (by >= -position && by <= static_cast<std::ptrdiff_t>(end_ - position_)) {
      position_ = static_cast<std::size_t>(position + by);
      return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(here) + by);
    }
  }
  write_dirty();
  if (whence == Whence::Current && raw_at_ != position_) {
    // What this cannot express is beyond every stream's end, or before its beginning, all the same.
    const std::ptrdiff_t by = position - static_cast<std::ptrdiff_t>(raw_at_);
    if (by < 0 ? offset >= PTRDIFF_MIN - by : offset <= PTRDIFF_MAX - by) offset += by;
  }
  const std::size_t reached = raw_->seek(offset, whence);
  forget();
  raw_position_ = reached;
  return reached;
}

std::size_t BufferedStream::tell() const {
  check_open();
  return raw_->tell() - raw_at_ + position_;
}

// --- the end
// --------------------------------------------------------------------------------------

void BufferedStream::flush() {
  check_open();
  settle();
  raw_->flush();
}

StreamHandle BufferedStream::release() noexcept {
  dirty_begin_ = dirty_end_ = 0;
  forget();
  block_ = detail::BlockRef();
  return std::move(raw_);
}

StreamHandle BufferedStream::detach() {
  flush();
  return release();
}

void BufferedStream::close() {
  if (closed()) return;
  detail::do_both([this] { settle(); }, [this] { release().finish(); });
}

void BufferedRWPair::close() {
  detail::do_both([this] { writer_.close(); }, [this] { reader_.close(); });
}

}  // namespace quire
