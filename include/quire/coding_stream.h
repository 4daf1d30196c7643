// EncodingStream and DecodingStream: filters whose bytes stand for others, compressed or encrypted, one
// for each direction. An Encoder or a Decoder does the work a piece at a time; whatever else a stream
// must do is here.
//
//     class GzipWriter : public EncodingStream {
//      public:
//       explicit GzipWriter(StreamHandle inner)
//           : EncodingStream(std::move(inner), std::make_unique<MyDeflater>()) {}
//     };
//
// Nothing is copied on the way: an encoder puts its bytes straight into the memory of a BytesIO
// underneath, a decoder takes them from the memory that the stream underneath hands out and puts what
// becomes of them where the caller wants it. A stream that is no BytesIO is written to by a buffer.
//
// Lifetime: as FilterStream. A destructor writes the end, but keeps quiet about what fails: call
// close(). Thread: as with every stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/export.h"
#include "quire/filter_stream.h"
#include "quire/slice.h"
#include "quire/stream.h"

namespace quire {

/// Bytes that are not what they must be: damaged, or something else from the beginning.
class QUIRE_API DataError : public std::runtime_error {
 public:
  DataError(const std::string& message, std::size_t position)
      : std::runtime_error(message), position_(position) {}

  /// How many encoded bytes had been taken when it was noticed.
  [[nodiscard]] std::size_t position() const noexcept { return position_; }

 private:
  std::size_t position_;
};

/// Bytes that end before the data do.
class QUIRE_API TruncatedError : public DataError {
 public:
  using DataError::DataError;
};

/// What makes bytes of data.
class QUIRE_API Encoder {
 public:
  enum class Goal {
    Go,     ///< take data, whether bytes come of them now or later
    Flush,  ///< make all that the data taken so far come to
    End,    ///< and the end
  };

  struct Step {
    std::size_t taken = 0;  ///< from the front of the data
    std::size_t made = 0;   ///< at the front of the room
    bool done = false;      ///< Flush or End is reached
  };

  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  virtual ~Encoder();

  /// Bytes of room that encode() needs to get on.
  [[nodiscard]] virtual std::size_t least_room() const noexcept { return 1; }

  /// Goes towards the goal as far as data and room reach.
  /// Errors: any; the encoder is then not called again.
  /// REQUIRES: room.size() >= least_room(); data for Go, none else
  virtual Step encode(ByteSpan data, MutableByteSpan room, Goal goal) = 0;
};

/// What makes data of bytes.
class QUIRE_API Decoder {
 public:
  /// What may follow the end of the data.
  enum class Rest {
    Another,  ///< more of the kind, whose data go on
    Nothing,  ///< anything is a DataError
    Foreign,  ///< bytes that are not ours
  };

  struct Step {
    std::size_t taken = 0;        ///< from the front of the bytes
    std::size_t made = 0;         ///< at the front of the room
    bool ended = false;           ///< the last byte of the data has been put
    const char* wrong = nullptr;  ///< what is wrong with the bytes behind those taken
  };

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  virtual ~Decoder();

  /// How messages begin: "gzip".
  [[nodiscard]] virtual const char* name() const noexcept = 0;

  [[nodiscard]] virtual Rest rest() const noexcept { return Rest::Another; }

  /// How many bytes at the front mean nothing where another one could begin.
  [[nodiscard]] virtual std::size_t padding(ByteSpan bytes) const noexcept;

  /// Goes on as far as bytes and room reach. It may be called without bytes, for what did not fit into
  /// the room before.
  /// Errors: any but those of the data, which Step tells.
  /// REQUIRES: room
  virtual Step decode(ByteSpan bytes, MutableByteSpan room) = 0;

  /// Begins anew, whatever has been.
  virtual void restart() = 0;
};

/// Encodes what is written to it.
///
/// The bytes depend on the data and on where flush() was called, not on how they were cut into writes,
/// where the encoder keeps to that.
class QUIRE_API EncodingStream : public FilterStream {
 public:
  EncodingStream(StreamHandle inner, std::unique_ptr<Encoder> encoder);

  EncodingStream(const EncodingStream&) = delete;
  EncodingStream& operator=(const EncodingStream&) = delete;
  EncodingStream(EncodingStream&& other) noexcept;
  EncodingStream& operator=(EncodingStream&& other) noexcept;
  ~EncodingStream() override { close_quietly(); }

  [[nodiscard]] bool closed() const noexcept override {
    return !encoder_ || FilterStream::closed();
  }

  [[nodiscard]] bool readable() const override;

  /// Errors: UnsupportedOperation.
  std::size_t readinto(MutableByteSpan target) override;

  using FilterStream::write;

  /// Errors: those of the inner stream and the encoder. What the inner stream has refused is kept and
  ///         tried again by the next call; how much of `data` has been taken only write_some() tells.
  std::size_t write(ByteSpan data) override;

  std::size_t write_some(ByteSpan data) override;

  /// Hands on all that was written so that it can be decoded, which costs some bytes, and flushes the
  /// inner stream.
  /// Errors: as write().
  void flush() override;

  /// Lets go of the encoder as well.
  void close() override;

 protected:
  void finish() override;

 private:
  /// Errors: ClosedError; std::system_error (EIO) after the encoder has failed.
  void check_writable() const;

  /// One call of the encoder. What fails here before it has changed nothing.
  Encoder::Step step(ByteSpan data, Encoder::Goal goal);
  Encoder::Step encode(ByteSpan data, MutableByteSpan room, Encoder::Goal goal);
  void reach(Encoder::Goal goal);

  /// Hands on what is in the buffer.
  void drain();

  std::unique_ptr<Encoder> encoder_;
  // What could not be put into the inner stream itself: [begin_, end_) of the buffer.
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t buffer_size_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool broken_ = false;
};

/// How to read what may come from anywhere.
struct DecodingOptions {
  /// The data that there may be: what holds more, however little that takes, is refused.
  std::size_t limit = npos;

  /// Stop at the end of the first one, where several may follow each other, and leave alone what comes
  /// behind it.
  bool only_first = false;
};

/// Decodes what is read from it, as often as one follows the other. Whatever is read has been decoded
/// without an error.
class QUIRE_API DecodingStream : public FilterStream {
 public:
  DecodingStream(StreamHandle inner, std::unique_ptr<Decoder> decoder,
                 const DecodingOptions& options = {});

  DecodingStream(const DecodingStream&) = delete;
  DecodingStream& operator=(const DecodingStream&) = delete;
  DecodingStream(DecodingStream&& other) noexcept = default;
  DecodingStream& operator=(DecodingStream&& other) noexcept = default;
  ~DecodingStream() override = default;

  [[nodiscard]] bool closed() const noexcept override {
    return !decoder_ || FilterStream::closed();
  }

  [[nodiscard]] bool writable() const override;

  /// As the inner stream.
  [[nodiscard]] bool seekable() const override;

  /// Fewer bytes than asked for do not mean the end, and are all that one piece of the inner stream
  /// gave.
  /// Errors: those of the inner stream, after which it may be tried again; DataError, TruncatedError,
  ///         and std::length_error past the limit, which come again until something before is sought.
  std::size_t readinto(MutableByteSpan target) override;

  using FilterStream::write;

  /// Errors: UnsupportedOperation.
  std::size_t write(ByteSpan data) override;

  /// Moves in the data, at most to their end.
  /// Cost:   forwards the data in between are decoded, backwards all from the beginning; from the end
  ///         all, the first time.
  /// Errors: as readinto(); UnsupportedOperation when the inner stream cannot seek.
  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override;

  [[nodiscard]] std::size_t tell() const override;

  /// At the end: what had been read behind it. It is empty where the inner stream can seek, which then
  /// stands behind the last byte that was ours.
  [[nodiscard]] Bytes unused() const { return piece_.slice(static_cast<std::ptrdiff_t>(used_)); }

  /// Lets go of the decoder as well.
  void close() override;

 private:
  enum class State : std::uint8_t { Between, Inside, Ended };

  [[nodiscard]] ByteSpan bytes() const noexcept { return piece_.span().subspan(used_); }

  [[nodiscard]] bool fetch();
  void take(std::size_t count) noexcept;

  /// At least one byte into `room`, or 0 at the end.
  std::size_t decode(MutableByteSpan room);

  /// Whether there is one more.
  bool begin();
  void end();
  void restart();
  void skip_to(std::size_t position);

  /// What decode() throws from now on.
  template <class Error>
  void note(const std::string& what);

  std::unique_ptr<Decoder> decoder_;
  DecodingOptions options_;
  std::size_t start_ = 0;     // of the inner stream, if it can seek
  std::size_t taken_ = 0;     // bytes
  std::size_t position_ = 0;  // in the data
  std::size_t count_ = 0;     // of those that have ended
  std::optional<std::size_t> size_;
  Bytes piece_;  // read from the inner stream, up to `used_` decoded
  std::size_t used_ = 0;
  State state_ = State::Between;
  std::exception_ptr failure_;
};

}  // namespace quire
