#include "quire/file_io.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "bytes_builder.h"
#include "quire/detail/block.h"
#include "quire/error.h"

namespace quire {

static_assert(sizeof(off_t) == 8, "files over 2 GiB need 64-bit offsets");

namespace {

// Memory is taken for this much before the file has been asked how large it is.
constexpr std::size_t kAskFrom = 64 * 1024;

// And at most this much when the file does not know its size and the caller names one.
constexpr std::size_t kMostOnTrust = 64 * 1024 * 1024;

template <class Call>
auto retry(Call&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace

FileIO::Mode FileIO::parse_mode(std::string_view text) {
  Mode mode;
  int kinds = 0;
  int pluses = 0;
  for (const char c : text) {
    switch (c) {
      case 'r':
        mode.readable = true;
        break;
      case 'w':
        mode.writable = true;
        mode.flags |= O_CREAT | O_TRUNC;
        break;
      case 'x':
        mode.writable = mode.created = true;
        mode.flags |= O_CREAT | O_EXCL;
        break;
      case 'a':
        mode.writable = mode.appending = true;
        mode.flags |= O_CREAT | O_APPEND;
        break;
      case '+':
        ++pluses;
        continue;
      case 'b':
        continue;
      default:
        detail::throw_invalid("invalid mode: " + std::string(text));
    }
    ++kinds;
  }
  if (kinds != 1 || pluses > 1) {
    detail::throw_invalid(
        "Must have exactly one of create/read/write/append mode and at most one plus: '" +
        std::string(text) + "'");
  }
  if (pluses == 1) mode.readable = mode.writable = true;
  mode.flags |= !mode.writable ? O_RDONLY : !mode.readable ? O_WRONLY : O_RDWR;
  return mode;
}

FileIO::FileIO(const std::string& path, std::string_view mode)
    : mode_(parse_mode(mode)), name_(path) {
  if (path.find('\0') != std::string::npos) detail::throw_null_in_path(path);
  descriptor_ = retry([&] { return ::open(path.c_str(), mode_.flags | O_CLOEXEC, 0666); });
  if (descriptor_ < 0) fail("open");
  try {
    inspect();
  } catch (...) {
    ::close(std::exchange(descriptor_, -1));
    throw;
  }
}

FileIO::FileIO(int descriptor, std::string_view mode, bool closefd)
    : mode_(parse_mode(mode)), closefd_(closefd), name_(std::to_string(descriptor)) {
  if (descriptor < 0) {
    detail::throw_invalid("negative file descriptor " + std::to_string(descriptor));
  }
  descriptor_ = descriptor;
  inspect();
}

FileIO::FileIO(FileIO&& other) noexcept
    : Stream(std::move(other)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      mode_(other.mode_),
      closefd_(other.closefd_),
      seekable_(other.seekable_),
      name_(std::move(other.name_)) {}

FileIO& FileIO::operator=(FileIO&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0 && closefd_) ::close(descriptor_);
    descriptor_ = std::exchange(other.descriptor_, -1);
    mode_ = other.mode_;
    closefd_ = other.closefd_;
    seekable_ = other.seekable_;
    name_ = std::move(other.name_);
  }
  return *this;
}

FileIO::~FileIO() {
  if (descriptor_ >= 0 && closefd_) ::close(descriptor_);
}

void FileIO::inspect() {
  struct stat status {};

  if (::fstat(descriptor_, &status) < 0) fail("fstat");
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    fail("open");
  }
  seekable_ = ::lseek(descriptor_, 0, mode_.appending ? SEEK_END : SEEK_CUR) >= 0;
}

void FileIO::fail(const char* operation) const {
  const int error = errno;
  detail::throw_errno(error, std::string(operation) + " '" + name_ + "'");
}

void FileIO::require_readable() const {
  check_open();
  if (!mode_.readable) detail::throw_unsupported("File not open for reading");
}

void FileIO::require_writable() const {
  check_open();
  if (!mode_.writable) detail::throw_unsupported("File not open for writing");
}

bool FileIO::readable() const {
  check_open();
  return mode_.readable;
}

bool FileIO::writable() const {
  check_open();
  return mode_.writable;
}

bool FileIO::seekable() const {
  check_open();
  return seekable_;
}

bool FileIO::isatty() const {
  check_open();
  return ::isatty(descriptor_) == 1;
}

int FileIO::fileno() const {
  check_open();
  return descriptor_;
}

const char* FileIO::mode() const noexcept {
  if (mode_.created) return mode_.readable ? "xb+" : "xb";
  if (mode_.appending) return mode_.readable ? "ab+" : "ab";
  if (mode_.readable) return mode_.writable ? "rb+" : "rb";
  return "wb";
}

std::size_t FileIO::expected_from(std::size_t position, std::size_t wanted) const noexcept {
  struct stat status {};

  if (::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) {
    const auto size = static_cast<std::size_t>(status.st_size);
    return std::min(wanted, size > position ? size - position + 1 : kDefaultBufferSize);
  }
  // A device or a pipe does not tell. Pages that are never filled cost nothing, moving them does.
  return wanted == npos ? kDefaultBufferSize : std::min(wanted, kMostOnTrust);
}

Bytes FileIO::read(std::ptrdiff_t size) {
  require_readable();
  const std::size_t limit = size < 0 ? npos : static_cast<std::size_t>(size);
  const std::size_t expected =
      limit <= kAskFrom ? limit : expected_from(seekable_ ? tell() : 0, limit);
  detail::BytesBuilder result;
  detail::read_into(result, limit, expected, [&](MutableByteSpan room) -> std::size_t {
    const ssize_t count = retry([&] { return ::read(descriptor_, room.data(), room.size()); });
    if (count >= 0) return static_cast<std::size_t>(count);
    if (result.size() != 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
    fail("read");
  });
  return result.finish();
}

std::size_t FileIO::readinto(MutableByteSpan target) {
  require_readable();
  const ssize_t count = retry([&] { return ::read(descriptor_, target.data(), target.size()); });
  if (count < 0) fail("read");
  return static_cast<std::size_t>(count);
}

std::size_t FileIO::write(ByteSpan data) {
  require_writable();
  for (std::size_t done = 0; done < data.size();) done += write_some(data.subspan(done));
  return data.size();
}

std::size_t FileIO::write_some(ByteSpan data) {
  require_writable();
  const ssize_t count = retry([&] { return ::write(descriptor_, data.data(), data.size()); });
  if (count < 0) fail("write");
  return static_cast<std::size_t>(count);
}

std::size_t FileIO::seek(std::ptrdiff_t offset, Whence whence) {
  check_open();
  // Not the numbers themselves: the system knows further ones (SEEK_DATA) that we do not promise.
  const int from = whence == Whence::Begin     ? SEEK_SET
                   : whence == Whence::Current ? SEEK_CUR
                   : whence == Whence::End     ? SEEK_END
                                               : -1;
  const off_t position = ::lseek(descriptor_, offset, from);
  if (position < 0) fail("seek");
  return static_cast<std::size_t>(position);
}

std::size_t FileIO::tell() const {
  check_open();
  const off_t position = ::lseek(descriptor_, 0, SEEK_CUR);
  if (position < 0) fail("tell");
  return static_cast<std::size_t>(position);
}

std::size_t FileIO::truncate(std::optional<std::size_t> size) {
  require_writable();
  const std::size_t target = size ? *size : tell();
  if (retry([&] { return ::ftruncate(descriptor_, static_cast<off_t>(target)); }) < 0) {
    fail("truncate");
  }
  return target;
}

void FileIO::close() {
  const int descriptor = std::exchange(descriptor_, -1);
  if (descriptor < 0 || !closefd_) return;
  // Not repeated when interrupted: the descriptor is gone all the same, and its number may by then
  // belong to another thread.
  if (::close(descriptor) < 0 && errno != EINTR) fail("close");
}

Bytes FileIO::read_at(std::size_t offset, std::size_t size) const {
  require_readable();
  const std::size_t expected = size <= kAskFrom ? size : expected_from(offset, size);
  detail::BytesBuilder result;
  detail::read_into(result, size, expected, [&](MutableByteSpan room) {
    const auto at = static_cast<off_t>(offset + result.size());
    const ssize_t count = retry([&] { return ::pread(descriptor_, room.data(), room.size(), at); });
    if (count < 0) fail("read");
    return static_cast<std::size_t>(count);
  });
  return result.finish();
}

std::size_t FileIO::write_at(std::size_t offset, ByteSpan data) {
  require_writable();
  for (std::size_t done = 0; done < data.size();) {
    const ByteSpan rest = data.subspan(done);
    const auto at = static_cast<off_t>(offset + done);
    const ssize_t count =
        retry([&] { return ::pwrite(descriptor_, rest.data(), rest.size(), at); });
    if (count < 0) fail("write");
    done += static_cast<std::size_t>(count);
  }
  return data.size();
}

}  // namespace quire
