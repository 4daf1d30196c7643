// FileIO: a file or descriptor of the operating system, without a buffer (Python's io.FileIO).
//
// Every call goes straight to the system. Small reads and writes, and lines, want a BufferedReader
// or BufferedWriter around it.
//
// Lifetime: closes its descriptor, unless told that it is only lent. Thread: as with every stream;
// `read_at` and `write_at` do not touch the position.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

namespace quire {

class QUIRE_API FileIO : public Stream {
 public:
  /// Opens the file at `path`. `mode` is one of
  ///
  ///     r  for reading
  ///     w  for writing, emptied or created
  ///     x  for writing, created; an error if it exists
  ///     a  for writing at its end, or created
  ///
  /// and with a '+' for both reading and writing. A 'b' may be there and changes nothing. The
  /// descriptor is not passed on to programs that the process executes.
  /// Errors: std::invalid_argument for another mode, or a path with a NUL inside; std::system_error
  ///         that names the path when the system refuses, EISDIR for a directory.
  explicit FileIO(const std::string& path, std::string_view mode = "r");

  /// Works on a descriptor that is open already; closes it in the end if `closefd`.
  /// Errors: std::invalid_argument for another mode or a negative descriptor; std::system_error for
  ///         one that is not open, or a directory. The descriptor is then still the caller's.
  explicit FileIO(int descriptor, std::string_view mode = "r", bool closefd = true);

  FileIO(const FileIO&) = delete;
  FileIO& operator=(const FileIO&) = delete;
  FileIO(FileIO&& other) noexcept;
  FileIO& operator=(FileIO&& other) noexcept;

  /// Closes; an error that the system reports only now is lost. Call close() to hear of it.
  ~FileIO() override;

  [[nodiscard]] bool closed() const noexcept override { return descriptor_ < 0; }

  [[nodiscard]] bool readable() const override;
  [[nodiscard]] bool writable() const override;

  /// Whether the file has positions: true for files, false for pipes, sockets and terminals.
  [[nodiscard]] bool seekable() const override;
  [[nodiscard]] bool isatty() const override;
  [[nodiscard]] int fileno() const override;

  /// The path, or the descriptor's number.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// As Python spells it: "rb", "wb", "ab", "xb", and "rb+" for "w+" too.
  [[nodiscard]] const char* mode() const noexcept;

  /// Whether the descriptor goes with this object.
  [[nodiscard]] bool closefd() const noexcept { return closefd_; }

  using Stream::read;
  using Stream::write;

  /// Cost:   straight into one block of the size that the file has. A file that grows meanwhile, or
  ///         does not tell its size, costs further allocations.
  /// Errors: as Stream::read(); UnsupportedOperation when not open for reading; std::system_error.
  ///         Where a read would block (EAGAIN) and bytes have arrived, these are the result.
  [[nodiscard]] Bytes read(std::ptrdiff_t size = -1) override;

  /// Cost:   one call to the system; interrupted ones are repeated.
  /// Errors: as read(), and EAGAIN where it would block.
  std::size_t readinto(MutableByteSpan target) override;

  /// Errors: UnsupportedOperation when not open for writing; std::system_error. What was taken
  ///         before the error stays written, and tell() says how much that was. Writing to a pipe
  ///         that nobody reads raises SIGPIPE, which ends a process that does not ignore it.
  std::size_t write(ByteSpan data) override;

  /// Cost:   one call to the system; interrupted ones are repeated.
  std::size_t write_some(ByteSpan data) override;

  /// Errors: std::system_error, also for a position before the beginning (EINVAL) and for files
  ///         without positions (ESPIPE).
  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override;
  [[nodiscard]] std::size_t tell() const override;

  /// Cuts the file or extends it with zeros. Errors: as write().
  std::size_t truncate(std::optional<std::size_t> size = std::nullopt) override;

  /// Errors: std::system_error when the system reports one now; the stream is closed all the same.
  void close() override;

  /// Up to `size` bytes from `offset`, without touching the position. A short result is the end.
  /// Errors: as read(); std::system_error where the file has no positions.
  [[nodiscard]] Bytes read_at(std::size_t offset, std::size_t size) const;

  /// Writes all of `data` at `offset` without touching the position; in mode "a" at the end.
  /// Errors: as write().
  std::size_t write_at(std::size_t offset, ByteSpan data);

 private:
  struct Mode {
    int flags = 0;
    bool created = false;
    bool readable = false;
    bool writable = false;
    bool appending = false;
  };

  static Mode parse_mode(std::string_view text);

  /// Looks at what has been opened. Errors: std::system_error.
  void inspect();

  void require_readable() const;
  void require_writable() const;

  /// The bytes from `position` to the end, but no more than `wanted`; one more so that the end is
  /// seen without another allocation; a guess where the file does not say.
  [[nodiscard]] std::size_t expected_from(std::size_t position, std::size_t wanted) const noexcept;

  [[noreturn]] void fail(const char* operation) const;

  int descriptor_ = -1;
  Mode mode_;
  bool closefd_ = true;
  bool seekable_ = false;
  std::string name_;
};

}  // namespace quire
