// FilePath and WritablePath: a stream's bytes as a file, for code that knows only paths or descriptors.
//
// Nobody gets a file that can still be changed and that a stream works on: whoever opened that one and
// cut it would take memory away from every snapshot. A FilePath is a copy for reading, or the file that
// a stream's pages come from once it is sealed; a WritablePath is an empty file whose content the
// stream takes over in the end.
//
// Lifetime: the path leads somewhere as long as the object lives, in the process that it was asked for in. A
// forked child has the file as well, and a path of its own once it asks for it. Thread: any; one owner, no
// sharing.
#pragma once

#include <string>

#include "quire/detail/export.h"

namespace quire {

class BytesIO;

/// A file that is open, and the path under which it can be opened again.
class QUIRE_API FilePath {
 public:
  /// Takes over a descriptor.
  explicit FilePath(int descriptor);

  FilePath(const FilePath&) = delete;
  FilePath& operator=(const FilePath&) = delete;
  FilePath(FilePath&& other) noexcept;
  FilePath& operator=(FilePath&& other) noexcept;
  ~FilePath();

  /// For this process and for those of the same user.
  /// Lifetime: of the object; in a forked child ask again, as what was given before is the parent's.
  [[nodiscard]] const std::string& str() const noexcept QUIRE_LIFETIMEBOUND;

  [[nodiscard]] const char* c_str() const noexcept QUIRE_LIFETIMEBOUND { return str().c_str(); }

  // NOLINTNEXTLINE(google-explicit-constructor): it is a path, to be passed where one is asked for
  operator const std::string&() const noexcept QUIRE_LIFETIMEBOUND { return str(); }

  /// A descriptor of the file; it belongs to this object.
  [[nodiscard]] int fileno() const noexcept { return descriptor_; }

  /// Gives the descriptor to the caller, who closes it.
  [[nodiscard]] int detach() noexcept;

 private:
  FilePath() noexcept = default;

  int descriptor_ = -1;
  mutable std::string path_;  // of the process that asked last
};

/// What BytesIO::as_writable_path() gives. Destroying it without close() leaves the stream as it was.
/// Lifetime: the stream must be where it is until then.
class QUIRE_API WritablePath : public FilePath {
 public:
  /// The stream takes over what the file holds now, and stands at its start. A second call does
  /// nothing.
  /// Errors: ClosedError; BufferError while a view pins the stream; those of writing so many bytes.
  ///         The stream is then unchanged.
  void close();

 private:
  friend class BytesIO;
  friend class SpooledIO;

  WritablePath(BytesIO& stream QUIRE_LIFETIMEBOUND, FilePath file) noexcept;

  BytesIO* stream_;
};

}  // namespace quire
