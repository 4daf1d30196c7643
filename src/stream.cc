#include "quire/stream.h"

#include <algorithm>
#include <string>

#include "bytes_builder.h"
#include "quire/detail/block.h"
#include "quire/error.h"

namespace quire {

Stream::~Stream() = default;

void Stream::check_open() const {
  if (closed()) detail::throw_closed();
}

bool Stream::readable() const {
  check_open();
  return false;
}

bool Stream::writable() const {
  check_open();
  return false;
}

bool Stream::seekable() const {
  check_open();
  return false;
}

bool Stream::isatty() const {
  check_open();
  return false;
}

int Stream::fileno() const {
  detail::throw_unsupported("fileno");
}

Bytes Stream::read(std::ptrdiff_t size) {
  check_open();
  const std::size_t limit = size < 0 ? npos : static_cast<std::size_t>(size);
  const std::size_t expected = size < 0 ? kDefaultBufferSize : std::min(limit, detail::kFirstRead);
  detail::BytesBuilder result;
  detail::read_into(result, limit, expected,
                    [this](MutableByteSpan room) { return readinto(room); });
  return result.finish();
}

Bytes Stream::read1(std::ptrdiff_t size) {
  check_open();
  detail::BytesBuilder result;
  const std::size_t wanted =
      size < 0 ? kDefaultBufferSize : std::min(static_cast<std::size_t>(size), detail::kFirstRead);
  result.commit(readinto(result.room(wanted).subspan(0, wanted)));
  return result.finish();
}

// Who cannot read at all meets this one, whatever the call was: hence the name in the message.
std::size_t Stream::readinto(MutableByteSpan) {
  check_open();
  detail::throw_unsupported("read");
}

void Stream::read_exactly(MutableByteSpan target) {
  for (std::size_t done = 0; done < target.size();) {
    const std::size_t count = readinto(target.subspan(done));
    if (count == 0) {
      detail::throw_struct("unpack requires a buffer of " + std::to_string(target.size()) +
                           " bytes, the stream had " + std::to_string(done));
    }
    done += count;
  }
}

// Byte by byte: what has been read behind the line could not be given back.
Bytes Stream::readline(std::ptrdiff_t size) {
  check_open();
  const std::size_t limit = size < 0 ? npos : static_cast<std::size_t>(size);
  detail::BytesBuilder line;
  while (line.size() < limit) {
    const MutableByteSpan next = line.room(1).subspan(0, 1);
    if (readinto(next) == 0) break;
    line.commit(1);
    if (next[0] == std::byte{'\n'}) break;
  }
  return line.finish();
}

std::vector<Bytes> Stream::readlines(std::ptrdiff_t hint) {
  check_open();
  std::vector<Bytes> lines;
  std::size_t total = 0;
  for (Bytes line = readline(); !line.empty(); line = readline()) {
    total += line.size();
    lines.push_back(std::move(line));
    if (hint > 0 && total > static_cast<std::size_t>(hint)) break;
  }
  return lines;
}

std::size_t Stream::write(ByteSpan) {
  check_open();
  detail::throw_unsupported("write");
}

std::size_t Stream::write_some(ByteSpan data) {
  return write(data);
}

std::size_t Stream::seek(std::ptrdiff_t, Whence) {
  check_open();
  detail::throw_unsupported("seek");
}

std::size_t Stream::tell() const {
  check_open();
  detail::throw_unsupported("tell");
}

std::size_t Stream::truncate(std::optional<std::size_t>) {
  check_open();
  detail::throw_unsupported("truncate");
}

void Stream::flush() {
  check_open();
}

void StreamHandle::finish() {
  if (owned_) {
    owned_->close();
  } else if (!stream_->closed()) {
    stream_->flush();
  }
}

namespace {

/// Moves back over what the target did not take, where that is possible.
void give_back(Stream& source, std::size_t count) {
  if (count != 0 && source.seekable()) {
    source.seek(-static_cast<std::ptrdiff_t>(count), Whence::Current);
  }
}

}  // namespace

std::size_t copyfileobj(Stream& source, Stream& target, std::optional<std::size_t> length,
                        std::size_t chunk) {
  if (chunk == 0) detail::throw_invalid("copyfileobj: a chunk of 0 bytes");
  const std::size_t limit = length.value_or(npos);
  std::size_t moved = 0;
  while (moved < limit) {
    const std::size_t wanted = std::min({chunk, limit - moved, detail::kMaxSize});
    const Bytes piece = source.read(static_cast<std::ptrdiff_t>(wanted));
    if (piece.empty()) break;
    std::size_t written = 0;
    try {
      while (written < piece.size()) {
        const std::size_t count = target.write_some(ByteSpan(piece).subspan(written));
        if (count == 0) break;
        written += count;
      }
    } catch (...) {
      give_back(source, piece.size() - written);
      throw;
    }
    moved += written;
    if (written < piece.size()) {
      give_back(source, piece.size() - written);
      break;
    }
  }
  return moved;
}

namespace detail {

std::size_t seek_target(std::ptrdiff_t offset, Whence whence, std::size_t position,
                        std::size_t size) {
  std::size_t base = 0;
  switch (whence) {
    case Whence::Begin:
      if (offset < 0) throw_invalid("negative seek value " + std::to_string(offset));
      break;
    case Whence::Current:
      base = position;
      break;
    case Whence::End:
      base = size;
      break;
    default:
      throw_invalid("invalid whence (" + std::to_string(static_cast<int>(whence)) +
                    ", should be 0, 1 or 2)");
  }
  if (offset < 0) {
    // Negating as unsigned is right for the smallest value too.
    const std::size_t back = std::size_t{0} - static_cast<std::size_t>(offset);
    return back < base ? base - back : 0;
  }
  const auto forward = static_cast<std::size_t>(offset);
  // A position may lie where no data can: only a write there fails.
  constexpr auto kHighest = static_cast<std::size_t>(PTRDIFF_MAX);
  if (base > kHighest || forward > kHighest - base) throw_position(base, forward);
  return base + forward;
}

std::size_t truncate_target(std::optional<std::size_t> size, std::size_t position) {
  const std::size_t target = size.value_or(position);
  const auto as_given = static_cast<std::ptrdiff_t>(target);
  if (as_given < 0) throw_invalid("negative size value " + std::to_string(as_given));
  return target;
}

}  // namespace detail
}  // namespace quire
