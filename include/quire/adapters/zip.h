// ZIP archives inside a stream: members are read and written as streams, by libzip.
//
//     BytesIO f;
//     ZipFile zip(f, "w");
//     zip.writestr("notes.txt", "some text");       // or zip.create("picture.png"): a stream to write to
//     zip.close();                                  // now `f` has it all
//
//     ZipFile again(f);
//     ZipMember notes = again.open("notes.txt");    // a Stream
//
// The names are those of Python's zipfile. Link quire::zip.
//
// Lifetime: the archive's stream is owned or borrowed, see StreamHandle, and is the archive's alone until
// close(). A member keeps what it reads from alive, but reads nothing once the archive is closed.
// Thread: an archive and its members: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

struct zip_file;

namespace quire {

namespace detail {
struct ZipArchive;
}  // namespace detail

/// What libzip says no with. What the archive's own stream throws comes through as it is.
class QUIRE_API ZipError : public std::runtime_error {
 public:
  ZipError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}

  /// libzip's: ZIP_ER_NOZIP, ZIP_ER_CRC and the like.
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

/// What the archive says of a member. Who wrote it may have lied.
struct ZipInfo {
  std::string filename;
  std::uint64_t file_size = 0;
  std::uint64_t compress_size = 0;
  std::uint32_t crc = 0;
  std::time_t mtime = 0;

  [[nodiscard]] bool is_dir() const { return filename.ends_with('/'); }
};

enum class ZipCompression { Stored, Deflated };

/// How a member is written. An aggregate: name what you change.
struct ZipOptions {
  ZipCompression compression = ZipCompression::Deflated;
  int level = 0;                          ///< 1 to 9; 0: zlib's default
  std::optional<std::time_t> mtime = {};  ///< none: now
};

/// A member that is read. Seeking backwards decompresses from its beginning again.
class QUIRE_API ZipMember : public Stream {
 public:
  ZipMember(const ZipMember&) = delete;
  ZipMember& operator=(const ZipMember&) = delete;
  ZipMember(ZipMember&& other) noexcept;
  ZipMember& operator=(ZipMember&& other) noexcept;
  ~ZipMember() override;

  [[nodiscard]] bool closed() const noexcept override { return file_ == nullptr; }

  [[nodiscard]] bool readable() const override;
  [[nodiscard]] bool seekable() const override;

  /// What the archive says of it. The stream gives no more bytes than `file_size`.
  [[nodiscard]] const ZipInfo& info() const noexcept QUIRE_LIFETIMEBOUND { return info_; }

  /// Errors: ClosedError; those of the archive's stream; ZipError: damaged or cut data, at the latest
  ///         instead of the end, when the checksum or the size turn out to be wrong.
  std::size_t readinto(MutableByteSpan target) override;

  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override;
  [[nodiscard]] std::size_t tell() const override;
  void close() noexcept override;

 private:
  friend class ZipFile;

  ZipMember(std::shared_ptr<detail::ZipArchive> archive, std::uint64_t index, ZipInfo info);

  void open();

  [[nodiscard]] std::size_t read_some(MutableByteSpan target);

  std::shared_ptr<detail::ZipArchive> archive_;
  zip_file* file_ = nullptr;
  std::uint64_t index_ = 0;
  std::size_t position_ = 0;
  ZipInfo info_;
};

/// An archive: all of a stream, from its beginning to its end.
class QUIRE_API ZipFile {
 public:
  /// Mode "r" reads, from a stream that can seek; "w" begins an archive, and empties the stream; "a" adds
  /// to one, or begins it in an empty stream.
  /// Errors: ZipError when there is no archive; std::invalid_argument for another mode;
  ///         UnsupportedOperation, ClosedError; those of the stream.
  explicit ZipFile(StreamHandle stream, const std::string& mode = "r");

  ZipFile(const ZipFile&) = delete;
  ZipFile& operator=(const ZipFile&) = delete;
  ZipFile(ZipFile&& other) noexcept;
  ZipFile& operator=(ZipFile&& other) noexcept;

  /// Closes; a failure is lost.
  ~ZipFile();

  /// Errors: ClosedError, as all that follow.
  [[nodiscard]] std::vector<std::string> namelist() const;

  [[nodiscard]] std::vector<ZipInfo> infolist() const;

  /// Errors: ZipError when there is none of that name.
  [[nodiscard]] ZipInfo getinfo(const std::string& name) const;

  /// A member to read.
  /// Errors: ZipError: no such member, no password or a wrong one, a compression that libzip does not
  ///         know; or one that is not written yet, before close().
  [[nodiscard]] ZipMember open(const std::string& name) const;

  /// All of a member. Errors: as open() and ZipMember::readinto().
  [[nodiscard]] Bytes read(const std::string& name) const;

  /// The first member that is damaged, if any is.
  /// Cost:   all of them are decompressed.
  /// Errors: those of the archive's stream.
  [[nodiscard]] std::optional<std::string> testzip() const;

  /// For members that are encrypted.
  void setpassword(const std::string& password);

  /// Adds a member.
  /// Lifetime: shares the memory of the bytes until close().
  /// Errors:   ZipError: there is one of that name; UnsupportedOperation in mode "r".
  void writestr(const std::string& name, Bytes data, const ZipOptions& options = {});

  /// The same with a copy of `data`.
  void writestr(const std::string& name, ByteSpan data, const ZipOptions& options = {}) {
    writestr(name, Bytes(data), options);
  }

  /// Adds what `content` reads from its position to its end, when the archive is closed.
  /// Lifetime: until then, where it is borrowed.
  /// Errors:   as writestr().
  void add(const std::string& name, StreamHandle content, const ZipOptions& options = {});

  /// Adds an empty member and hands it out to be written, until the archive is closed.
  /// Errors: as writestr().
  BytesIO& create(const std::string& name, const ZipOptions& options = {}) QUIRE_LIFETIMEBOUND;

  /// Takes a member out. Errors: as getinfo() and writestr().
  void remove(const std::string& name);

  [[nodiscard]] Bytes comment() const;

  /// Errors: UnsupportedOperation in mode "r"; ZipError past 65535 bytes.
  void set_comment(ByteSpan comment);

  [[nodiscard]] bool closed() const noexcept { return !archive_; }

  /// Writes what was added; closes a stream that is owned, flushes another. A second call does nothing.
  /// Cost:   in mode "a" members that stay are not written again where they stand first.
  /// Errors: those of the streams added and of the archive's; ZipError. In mode "a" the archive is then as
  ///         it was, unless its stream failed to take the new one. It counts as closed all the same.
  void close();

 private:
  [[nodiscard]] detail::ZipArchive& archive() const;

  /// Errors: UnsupportedOperation in mode "r".
  [[nodiscard]] detail::ZipArchive& writable() const;

  Stream& add_source(const std::string& name, StreamHandle content,
                     std::optional<std::size_t> start, const ZipOptions& options);

  std::shared_ptr<detail::ZipArchive> archive_;
};

}  // namespace quire
