#include "quire/adapters/iostream.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <limits>
#include <string>

#include "../do_both.h"
#include "quire/bytes_io.h"
#include "quire/error.h"

namespace quire {

namespace {

using std::ios_base;
using Traits = std::char_traits<char>;

// Of a stream that does not lend its memory: what is read ahead and written together.
constexpr std::size_t kPiece = std::size_t{32} << 10;

constexpr std::streamoff kNowhere = -1;

char* chars(const std::byte* bytes) noexcept {
  return reinterpret_cast<char*>(const_cast<std::byte*>(bytes));
}

}  // namespace

// --- streambuf -----------------------------------------------------------------------------------

streambuf::streambuf(StreamHandle stream, ios_base::openmode mode)
    : stream_(std::move(stream)), mode_(mode), seekable_(inner().seekable()) {}

streambuf::~streambuf() {
  try {
    close();
  } catch (...) {
    return;  // a destructor has nobody to tell
  }
}

Stream& streambuf::inner() const {
  if (!stream_) detail::throw_closed();
  return *stream_;
}

Stream& streambuf::stream() {
  if (!settle()) detail::throw_errno(EIO, "the stream takes no more");
  return inner();
}

void streambuf::close() {
  if (!stream_) return;
  detail::do_both([this] { static_cast<void>(stream()); },
                  [this] {
                    room_.reset();
                    setp(nullptr, nullptr);
                    setg(nullptr, nullptr, nullptr);
                    std::exchange(stream_, {}).finish();
                  });
}

void streambuf::set_get_area(ByteSpan area, std::size_t next) noexcept {
  char* const begin = chars(area.data());
  setg(begin, begin + next, begin + area.size());
}

void streambuf::advance_put(std::size_t count) noexcept {
  // pbump takes an int.
  for (; count > INT_MAX; count -= INT_MAX) pbump(INT_MAX);
  pbump(static_cast<int>(count));
}

std::size_t streambuf::unread() const noexcept {
  return static_cast<std::size_t>(egptr() - gptr()) + (in_before_ ? piece_.size() : 0);
}

std::size_t streambuf::position() const {
  if (whole_) return static_cast<std::size_t>(gptr() - eback());
  return inner().tell() + static_cast<std::size_t>(pptr() - pbase()) - unread();
}

// --- reading -------------------------------------------------------------------------------------

void streambuf::stop_reading() {
  if (whole_) {
    const auto reached = static_cast<std::ptrdiff_t>(position());
    whole_ = false;
    lent_ = {};
    setg(nullptr, nullptr, nullptr);
    inner().seek(reached);
  } else if (seekable_ && gptr() != nullptr) {
    const auto ahead = static_cast<std::ptrdiff_t>(unread());
    piece_ = before_ = {};
    in_before_ = false;
    setg(nullptr, nullptr, nullptr);
    if (ahead != 0) inner().seek(-ahead, Whence::Current);
  }
}

void streambuf::show(const BytesIO& stream, std::size_t position) {
  lent_ = detail::LentBytes(stream);
  whole_ = true;
  set_get_area(lent_.span(), position);
}

streambuf::int_type streambuf::underflow() {
  if (!reads()) return Traits::eof();
  if (gptr() < egptr()) return Traits::to_int_type(*gptr());
  if (seekable_ && !stop_writing()) return Traits::eof();
  if (in_before_) {
    in_before_ = false;
    set_get_area(piece_, 0);
    return underflow();
  }
  Stream& stream = inner();
  if (const BytesIO* const lending = detail::lender(stream, 0)) {
    const std::size_t at = whole_ ? position() : stream.tell();
    // Also when somebody else has appended since.
    if (at >= lending->size()) return Traits::eof();
    show(*lending, at);
  } else {
    if (whole_) stop_reading();
    Bytes piece = stream.read1(kPiece);
    if (piece.empty()) return Traits::eof();
    before_ = std::exchange(piece_, std::move(piece));
    set_get_area(piece_, 0);
  }
  return Traits::to_int_type(*gptr());
}

streambuf::int_type streambuf::pbackfail(int_type c) {
  if (!reads()) return Traits::eof();
  if (seekable_ && pptr() != nullptr) {
    // Reading takes up where writing has stopped.
    if (!stop_writing()) return Traits::eof();
  }
  Stream& stream = inner();
  const bool any = Traits::eq_int_type(c, Traits::eof());
  if (gptr() == eback() && !whole_ && !before_.empty() && !in_before_) {
    in_before_ = true;
    set_get_area(before_, before_.size());
  } else if (gptr() == eback() && seekable_) {
    const std::size_t at = position();
    if (at == 0) return Traits::eof();
    stop_reading();
    if (const BytesIO* const lending = detail::lender(stream, 0)) {
      if (at > lending->size()) return Traits::eof();
      show(*lending, at);
    } else {
      stream.seek(static_cast<std::ptrdiff_t>(at - 1));
      piece_ = stream.read1(kPiece);
      if (piece_.empty()) {
        // Far behind the end: stay there.
        stream.seek(static_cast<std::ptrdiff_t>(at));
        return Traits::eof();
      }
      set_get_area(piece_, 1);
    }
  }
  if (gptr() == eback()) return Traits::eof();
  const char there = gptr()[-1];
  if (!any && !Traits::eq(Traits::to_char_type(c), there)) {
    // Another character than the one that was read: into the stream, where that can be.
    if (!writes() || !seekable_ || !stream.writable()) return Traits::eof();
    const std::size_t at = position() - 1;
    stop_reading();
    stream.seek(static_cast<std::ptrdiff_t>(at));
    const char character = Traits::to_char_type(c);
    stream.write(ByteSpan(&character, 1));
    stream.seek(static_cast<std::ptrdiff_t>(at));
    return c;
  }
  gbump(-1);
  return Traits::to_int_type(there);
}

std::streamsize streambuf::showmanyc() {
  if (!reads()) return -1;
  if (const BytesIO* const lending = detail::lender(inner(), 0)) {
    const std::size_t at = position();
    return at < lending->size() ? static_cast<std::streamsize>(lending->size() - at) : -1;
  }
  return in_before_ ? static_cast<std::streamsize>(piece_.size()) : 0;
}

std::streamsize streambuf::xsgetn(char* target, std::streamsize count) {
  std::streamsize done = 0;
  while (done < count) {
    if (gptr() == egptr()) {
      const auto wanted = static_cast<std::size_t>(count - done);
      const bool direct = reads() && wanted >= kPiece && !in_before_ && !whole_ &&
                          detail::lender(inner(), 0) == nullptr;
      if (direct) {
        if (seekable_ && !stop_writing()) break;
        const std::size_t got = inner().readinto({target + done, wanted});
        if (got == 0) break;
        done += static_cast<std::streamsize>(got);
        // What can be put back.
        before_ = {};
        piece_ = Bytes(ByteSpan(target + done - 1, 1));
        set_get_area(piece_, 1);
        continue;
      }
      if (Traits::eq_int_type(underflow(), Traits::eof())) break;
    }
    const std::streamsize here = std::min<std::streamsize>(egptr() - gptr(), count - done);
    std::memcpy(target + done, gptr(), static_cast<std::size_t>(here));
    setg(eback(), gptr() + here, egptr());
    done += here;
  }
  return done;
}

// --- writing -------------------------------------------------------------------------------------

bool streambuf::stop_writing() {
  if (pbase() == nullptr) return true;
  if (room_) {
    const auto count = static_cast<std::size_t>(pptr() - pbase());
    setp(nullptr, nullptr);
    room_->commit(count);
    room_.reset();
    return true;
  }
  // One piece at a time, so that what was not taken is still there after a failure.
  while (pptr() != pbase()) {
    const auto waiting = static_cast<std::size_t>(pptr() - pbase());
    const std::size_t count = inner().write_some({pbase(), waiting});
    if (count == 0) return false;
    setp(pbase() + count, epptr());
    advance_put(waiting - count);
  }
  setp(nullptr, nullptr);
  return true;
}

streambuf::int_type streambuf::overflow(int_type c) {
  if (!writes()) return Traits::eof();
  if (!stop_writing()) return Traits::eof();
  if (seekable_) stop_reading();
  if (BytesIO* const lending = detail::lender(inner())) {
    room_.emplace(*lending);
    const MutableByteSpan room = room_->span();
    if (room.empty()) {
      room_.reset();
      return Traits::eof();
    }
    setp(chars(room.data()), chars(room.data() + room.size()));
  } else {
    if (!inner().writable()) return Traits::eof();
    if (!buffer_) buffer_ = std::make_unique<char[]>(kPiece);
    setp(buffer_.get(), buffer_.get() + kPiece);
  }
  if (Traits::eq_int_type(c, Traits::eof())) return Traits::not_eof(c);
  *pptr() = Traits::to_char_type(c);
  pbump(1);
  return c;
}

std::streamsize streambuf::xsputn(const char* data, std::streamsize count) {
  if (count <= epptr() - pptr()) {
    if (count > 0) std::memcpy(pptr(), data, static_cast<std::size_t>(count));
    advance_put(static_cast<std::size_t>(std::max<std::streamsize>(count, 0)));
    return count;
  }
  // A piece that is not small goes straight to the stream, which knows best how to grow.
  const bool large = static_cast<std::size_t>(count) >= kPiece / 4;
  std::streamsize done = 0;
  while (done < count) {
    const auto left = static_cast<std::size_t>(count - done);
    if (large) {
      if (!writes() || !stop_writing()) break;
      if (seekable_) stop_reading();
      const std::size_t taken = inner().write_some({data + done, left});
      if (taken == 0) break;
      done += static_cast<std::streamsize>(taken);
      continue;
    }
    const std::size_t here = std::min(left, static_cast<std::size_t>(epptr() - pptr()));
    if (here == 0) {
      if (Traits::eq_int_type(overflow(Traits::eof()), Traits::eof())) break;
      continue;
    }
    std::memcpy(pptr(), data + done, here);
    advance_put(here);
    done += static_cast<std::streamsize>(here);
  }
  return done;
}

int streambuf::sync() {
  if (!settle()) return -1;
  if (writes()) inner().flush();
  return 0;
}

// --- positions -----------------------------------------------------------------------------------

streambuf::pos_type streambuf::seekoff(off_type offset, ios_base::seekdir from,
                                       ios_base::openmode which) {
  if ((which & mode_) == 0 || !seekable_ || !stream_) return pos_type(kNowhere);
  if (offset == 0 && from == ios_base::cur) return pos_type(static_cast<off_type>(position()));
  if (whole_ && from != ios_base::end) {
    // Within what is shown nothing else has to move.
    const off_type target = offset + (from == ios_base::cur ? gptr() - eback() : 0);
    if (target >= 0 && target <= egptr() - eback()) {
      setg(eback(), eback() + target, egptr());
      return pos_type(target);
    }
  }
  if (!settle()) return pos_type(kNowhere);
  Stream& stream = inner();
  const std::size_t before = stream.tell();
  off_type base = 0;
  if (from == ios_base::cur) base = static_cast<off_type>(before);
  if (from == ios_base::end) base = static_cast<off_type>(stream.seek(0, Whence::End));
  if (offset < -base || offset > std::numeric_limits<off_type>::max() - base) {
    if (from == ios_base::end) stream.seek(static_cast<std::ptrdiff_t>(before));
    return pos_type(kNowhere);
  }
  return pos_type(static_cast<off_type>(stream.seek(base + offset)));
}

streambuf::pos_type streambuf::seekpos(pos_type position, ios_base::openmode which) {
  return seekoff(off_type(position), ios_base::beg, which);
}

// --- StdStream -----------------------------------------------------------------------------------

StdStream::StdStream(std::istream& stream) noexcept : in_(&stream) {}

StdStream::StdStream(std::ostream& stream) noexcept : out_(&stream), side_(ios_base::out) {}

StdStream::StdStream(std::iostream& stream) noexcept : in_(&stream), out_(&stream) {}

StdStream::StdStream(StdStream&& other) noexcept
    : Stream(static_cast<Stream&&>(other)),
      in_(std::exchange(other.in_, nullptr)),
      out_(std::exchange(other.out_, nullptr)),
      side_(other.side_) {}

StdStream& StdStream::operator=(StdStream&& other) noexcept {
  Stream::operator=(static_cast<Stream&&>(other));
  in_ = std::exchange(other.in_, nullptr);
  out_ = std::exchange(other.out_, nullptr);
  side_ = other.side_;
  return *this;
}

ios_base::openmode StdStream::sides() const noexcept {
  return (in_ != nullptr ? ios_base::in : ios_base::openmode{}) |
         (out_ != nullptr ? ios_base::out : ios_base::openmode{});
}

std::streambuf& StdStream::buffer() const {
  check_open();
  const std::ios& stream =
      in_ != nullptr ? static_cast<const std::ios&>(*in_) : static_cast<const std::ios&>(*out_);
  if (stream.rdbuf() == nullptr) detail::throw_errno(EIO, "a std stream without a streambuf");
  return *stream.rdbuf();
}

void StdStream::turn_to(ios_base::openmode side) {
  if (side_ == side) return;
  const std::streampos at = buffer().pubseekoff(0, ios_base::cur, side_);
  if (at != std::streampos(kNowhere)) buffer().pubseekpos(at, side);
  side_ = side;
}

bool StdStream::readable() const {
  check_open();
  return in_ != nullptr;
}

bool StdStream::writable() const {
  check_open();
  return out_ != nullptr;
}

bool StdStream::seekable() const {
  return buffer().pubseekoff(0, ios_base::cur, side_) != std::streampos(kNowhere);
}

std::size_t StdStream::readinto(MutableByteSpan target) {
  check_open();
  if (in_ == nullptr) detail::throw_unsupported("read");
  if (in_->fail()) detail::throw_errno(EIO, "the std::istream has failed");
  std::streambuf& source = buffer();
  turn_to(ios_base::in);
  if (target.empty() || Traits::eq_int_type(source.sgetc(), Traits::eof())) return 0;
  const auto wanted = static_cast<std::streamsize>(target.size());
  const std::streamsize there = std::clamp<std::streamsize>(source.in_avail(), 1, wanted);
  return static_cast<std::size_t>(source.sgetn(chars(target.data()), there));
}

std::size_t StdStream::write_some(ByteSpan data) {
  check_open();
  if (out_ == nullptr) detail::throw_unsupported("write");
  if (out_->fail()) detail::throw_errno(EIO, "the std::ostream has failed");
  std::streambuf& target = buffer();
  turn_to(ios_base::out);
  return static_cast<std::size_t>(
      target.sputn(data.as_chars().data(), static_cast<std::streamsize>(data.size())));
}

std::size_t StdStream::write(ByteSpan data) {
  const std::size_t count = write_some(data);
  if (count != data.size()) {
    out_->setstate(ios_base::badbit);
    detail::throw_errno(EIO, "the std::ostream took " + std::to_string(count) + " of " +
                                 std::to_string(data.size()) + " bytes");
  }
  return count;
}

std::size_t StdStream::seek(std::ptrdiff_t offset, Whence whence) {
  std::streambuf& moved = buffer();
  std::streampos target(kNowhere);
  switch (whence) {
    case Whence::Begin:
      target = moved.pubseekpos(offset, sides());
      break;
    case Whence::End:
      target = moved.pubseekoff(offset, ios_base::end, sides());
      break;
    case Whence::Current: {
      const std::streampos at = moved.pubseekoff(0, ios_base::cur, side_);
      if (at != std::streampos(kNowhere)) target = moved.pubseekpos(at + offset, sides());
      break;
    }
    default:
      detail::throw_invalid("invalid whence (should be 0, 1 or 2)");
  }
  if (target == std::streampos(kNowhere)) {
    if (!seekable()) detail::throw_unsupported("seek");
    detail::throw_invalid("the std::streambuf does not seek by " + std::to_string(offset));
  }
  return static_cast<std::size_t>(std::streamoff(target));
}

std::size_t StdStream::tell() const {
  const std::streampos at = buffer().pubseekoff(0, ios_base::cur, side_);
  if (at == std::streampos(kNowhere)) detail::throw_unsupported("tell");
  return static_cast<std::size_t>(std::streamoff(at));
}

void StdStream::flush() {
  if (out_ != nullptr && buffer().pubsync() != 0) {
    out_->setstate(ios_base::badbit);
    detail::throw_errno(EIO, "the std::ostream could not be flushed");
  }
  check_open();
}

void StdStream::close() {
  if (closed()) return;
  StdStream last(std::move(*this));
  last.flush();
}

}  // namespace quire
