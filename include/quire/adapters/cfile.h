// FILE* and Stream, either one over the other.
//
//     BytesIO f;
//     CFile file(f);
//     std::fprintf(file, "answer %d\n", 42);
//     file.close();                     // now `f` has it all
//
// For a library that takes neither, but the name of a file, see BytesIO::as_path() and
// as_writable_path(). Link quire::cfile; it needs glibc.
//
// Lifetime: as StreamHandle: borrowed or owned. Thread: a CFile as the stream underneath: a FILE locks
// itself, but not that stream.
#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>

#include "quire/byte_span.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

namespace quire {

/// A FILE over a Stream, from where that stands: to read, to write, or both, as the stream can.
/// Nothing is cut off. What is written waits in the FILE's buffer for std::fflush() or close().
///
/// Of a stream that cannot seek, what C has read too much stays in the FILE. To write before it was read is
/// an error then, ESPIPE, and the bytes are lost: read first, or have a FILE for each direction.
///
/// An exception of the stream becomes an error of the FILE with an errno to match, and is kept: close()
/// throws the first one. C drops what the stream has not taken then.
class QUIRE_API CFile {
 public:
  /// Errors: ClosedError; UnsupportedOperation for a stream that neither reads nor writes;
  ///         std::bad_alloc.
  explicit CFile(StreamHandle stream);

  CFile(const CFile&) = delete;
  CFile& operator=(const CFile&) = delete;
  CFile(CFile&& other) noexcept;
  CFile& operator=(CFile&& other) noexcept;

  /// Closes; a failure is lost.
  ~CFile();

  /// Null once closed. The FILE belongs to this object: it is not for std::fclose().
  [[nodiscard]] std::FILE* get() const noexcept QUIRE_LIFETIMEBOUND { return file_; }

  // NOLINTNEXTLINE(google-explicit-constructor): it is a FILE, to be passed where one is asked for
  operator std::FILE*() const noexcept QUIRE_LIFETIMEBOUND { return file_; }

  /// The stream, with all that was written, where the FILE stands; one that cannot seek stands behind
  /// what C has read.
  /// Errors: as close().
  [[nodiscard]] Stream& stream() QUIRE_LIFETIMEBOUND;

  /// Hands on what was written; closes a stream that is owned, flushes another. A second call does
  /// nothing.
  /// Errors: the first that the stream has thrown; those of closing it. It counts as closed all the
  ///         same.
  void close();

 private:
  struct Cookie;

  std::unique_ptr<Cookie> cookie_;
  std::FILE* file_ = nullptr;
};

/// A Stream over a FILE.
class QUIRE_API CFileIO : public Stream {
 public:
  /// Closes the FILE in the end if `close_file`.
  /// Errors: std::invalid_argument for null.
  explicit CFileIO(std::FILE* file, bool close_file = true);

  CFileIO(const CFileIO&) = delete;
  CFileIO& operator=(const CFileIO&) = delete;
  CFileIO(CFileIO&& other) noexcept;
  CFileIO& operator=(CFileIO&& other) noexcept;

  /// Closes, or flushes; a failure is lost.
  ~CFileIO() override;

  [[nodiscard]] bool closed() const noexcept override { return file_ == nullptr; }

  [[nodiscard]] bool readable() const override;
  [[nodiscard]] bool writable() const override;
  [[nodiscard]] bool seekable() const override;
  [[nodiscard]] bool isatty() const override;

  /// Errors: UnsupportedOperation for a FILE that is not of the system's, as fmemopen()'s.
  [[nodiscard]] int fileno() const override;

  /// Waits until `target` is full, as std::fread() does, or the data end.
  /// Errors: as Stream::readinto(); std::system_error. What came before one is the result; the error is
  ///         that of the next call.
  std::size_t readinto(MutableByteSpan target) override;

  [[nodiscard]] Bytes readline(std::ptrdiff_t size = -1) override;

  using Stream::write;

  /// Errors: UnsupportedOperation; std::system_error, that of what waits in the FILE's buffer only at
  ///         the next flush().
  std::size_t write(ByteSpan data) override;
  std::size_t write_some(ByteSpan data) override;

  /// Errors: std::system_error.
  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override;
  [[nodiscard]] std::size_t tell() const override;
  std::size_t truncate(std::optional<std::size_t> size = std::nullopt) override;
  void flush() override;

  /// Errors: std::system_error; the stream is closed all the same.
  void close() override;

 private:
  enum class Last { Neither, Read, Wrote };

  /// What C wants between reading and writing.
  void turn_to(Last next);

  [[noreturn]] void fail(const char* operation) const;

  std::FILE* file_ = nullptr;
  bool close_file_ = true;
  Last last_ = Last::Neither;
};

}  // namespace quire
