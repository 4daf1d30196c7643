// std::iostream and Stream, either one over the other.
//
//     BytesIO f;
//     quire::ostream out(f);
//     out << "answer " << 42 << '\n';
//     out.flush();                      // now `f` has it all
//
//     StdStream in(std::cin);
//     copyfileobj(in, f);
//
// A streambuf's areas are the memory of the BytesIO itself, or of what another stream hands out:
// nothing is copied into a buffer in between, but for what is written to a stream that is no BytesIO.
// There is one position, as in a std::filebuf, for reading and writing; one may follow the other at any
// time. A stream that cannot seek, like a socket, has two sides that know nothing of each other. No
// locale changes a byte. Link quire::iostream.
//
// Lifetime: as StreamHandle: borrowed or owned; std's streams are borrowed. Between a write and the next
// flush, seek or read the stream underneath is not to be changed; a BytesIO that was, refuses what was
// written (BufferError). Thread: as std's streams: one at a time.
#pragma once

#include <cstddef>
#include <ios>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <streambuf>
#include <type_traits>
#include <utility>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/export.h"
#include "quire/detail/lent_room.h"
#include "quire/stream.h"

namespace quire {

/// A std::streambuf over a Stream. What the stream throws comes through; std's streams turn it into
/// badbit.
class QUIRE_API streambuf : public std::streambuf {
 public:
  explicit streambuf(StreamHandle stream,
                     std::ios_base::openmode mode = std::ios_base::in | std::ios_base::out);

  streambuf(const streambuf&) = delete;
  streambuf& operator=(const streambuf&) = delete;

  /// Hands on what was written; a failure is lost.
  ~streambuf() override;

  /// The stream underneath, with all that was written, at the position that was reached.
  /// Errors: those of handing it on; ClosedError.
  [[nodiscard]] Stream& stream();

  /// Hands on what was written; closes a stream that is owned, flushes another. A second call does
  /// nothing.
  /// Errors: those of the stream; it counts as closed all the same.
  void close();

 protected:
  int_type underflow() override;
  int_type pbackfail(int_type c) override;
  int_type overflow(int_type c) override;
  std::streamsize showmanyc() override;
  std::streamsize xsgetn(char* target, std::streamsize count) override;
  std::streamsize xsputn(const char* data, std::streamsize count) override;
  pos_type seekoff(off_type offset, std::ios_base::seekdir from,
                   std::ios_base::openmode which) override;
  pos_type seekpos(pos_type position, std::ios_base::openmode which) override;
  int sync() override;

 private:
  [[nodiscard]] bool reads() const noexcept { return (mode_ & std::ios_base::in) != 0; }

  [[nodiscard]] bool writes() const noexcept { return (mode_ & std::ios_base::out) != 0; }

  /// Errors: ClosedError.
  [[nodiscard]] Stream& inner() const;

  /// Ends reading: the stream is at the position that was reached, where it can seek.
  void stop_reading();

  /// Ends writing: the stream has all of it. False: it takes no more.
  [[nodiscard]] bool stop_writing();

  /// Both, and then neither area is left.
  [[nodiscard]] bool settle() { return stop_writing() && (stop_reading(), true); }

  /// Where the next character is read or written.
  [[nodiscard]] std::size_t position() const;

  /// The whole content of a stream that lends it, from `position` on.
  void show(const BytesIO& stream, std::size_t position);

  /// What the get area has not shown yet, `ahead_` included.
  [[nodiscard]] std::size_t unread() const noexcept;

  void advance_put(std::size_t count) noexcept;

  void set_get_area(ByteSpan area, std::size_t next) noexcept;

  StreamHandle stream_;
  std::ios_base::openmode mode_;
  bool seekable_;
  bool whole_ = false;  // the get area is `lent_`, from the stream's beginning

  detail::LentBytes lent_;
  // Of a stream that does not lend: what was read last, and the piece before, to go back to.
  Bytes piece_;
  Bytes before_;
  bool in_before_ = false;

  // The put area: `room_`, or a buffer for a stream that does not lend.
  std::optional<detail::LentRoom> room_;
  std::unique_ptr<char[]> buffer_;
};

namespace detail {

struct StreambufHolder {
  streambuf buffer;
};

/// One of std's streams with a quire::streambuf of its own.
template <class Base, std::ios_base::openmode kMode>
class StdStreamOver : private StreambufHolder, public Base {
 public:
  explicit StdStreamOver(StreamHandle stream)
      : StreambufHolder{streambuf(std::move(stream), kMode)}, Base(&this->buffer) {}

  [[nodiscard]] streambuf* rdbuf() const noexcept { return const_cast<streambuf*>(&this->buffer); }

  /// As streambuf::stream(), and close() likewise: what fails is thrown, whatever exceptions() says.
  [[nodiscard]] Stream& stream() { return this->buffer.stream(); }

  void close() { this->buffer.close(); }
};

}  // namespace detail

/// To read from a Stream with >>, std::getline and all else that std can do.
using istream = detail::StdStreamOver<std::istream, std::ios_base::in>;

/// To write to a Stream with <<.
using ostream = detail::StdStreamOver<std::ostream, std::ios_base::out>;

/// Both.
using iostream = detail::StdStreamOver<std::iostream, std::ios_base::in | std::ios_base::out>;

/// A Stream over one of std's streams, which is borrowed. Where std has two positions, as in a
/// std::stringstream, they are moved together.
class QUIRE_API StdStream : public Stream {
 public:
  // Each for what it is: a std::iostream would be both.
  explicit StdStream(std::istream& stream QUIRE_LIFETIMEBOUND) noexcept;
  explicit StdStream(std::ostream& stream QUIRE_LIFETIMEBOUND) noexcept;
  explicit StdStream(std::iostream& stream QUIRE_LIFETIMEBOUND) noexcept;

  StdStream(const StdStream&) = delete;
  StdStream& operator=(const StdStream&) = delete;
  StdStream(StdStream&& other) noexcept;
  StdStream& operator=(StdStream&& other) noexcept;
  ~StdStream() override = default;

  [[nodiscard]] bool closed() const noexcept override { return in_ == nullptr && out_ == nullptr; }

  [[nodiscard]] bool readable() const override;
  [[nodiscard]] bool writable() const override;
  [[nodiscard]] bool seekable() const override;

  /// What the std::istream has at hand, and only when that is nothing, waits for more. Sets none of
  /// its flags.
  /// Errors: ClosedError, UnsupportedOperation, what its streambuf throws; std::system_error (EIO) when
  ///         it has failed, as one does whose file is not there.
  std::size_t readinto(MutableByteSpan target) override;

  using Stream::write;

  /// Errors: as above; std::system_error (EIO) when not all was taken, and sets badbit.
  std::size_t write(ByteSpan data) override;

  std::size_t write_some(ByteSpan data) override;

  /// Errors: UnsupportedOperation when the streambuf cannot seek at all; std::invalid_argument when it
  ///         cannot go there.
  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override;

  [[nodiscard]] std::size_t tell() const override;

  /// Errors: as write().
  void flush() override;

  /// Flushes, and lets go of the std stream, which stays open.
  void close() override;

 private:
  /// Which positions there are.
  [[nodiscard]] std::ios_base::openmode sides() const noexcept;

  [[nodiscard]] std::streambuf& buffer() const;

  /// Makes `side` stand where the other one stopped.
  void turn_to(std::ios_base::openmode side);

  std::istream* in_ = nullptr;
  std::ostream* out_ = nullptr;
  // Where the position is: the side that was used last.
  std::ios_base::openmode side_ = std::ios_base::in;
};

}  // namespace quire
