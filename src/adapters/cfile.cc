#include "quire/adapters/cfile.h"

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <stdio.h>
#include <stdio_ext.h>
#include <unistd.h>

#include "quire/error.h"

namespace quire {

namespace {

/// Of a call of C that has failed, and that has found errno 0: not every FILE has a number for each error.
int last_error() noexcept {
  return errno != 0 ? errno : EIO;
}

}  // namespace

// --- CFile ---------------------------------------------------------------------------------------

/// What the C library calls back. No exception may pass through it.
struct CFile::Cookie {
  StreamHandle stream;
  bool seekable = false;
  std::exception_ptr error;

  static Cookie& of(void* cookie) noexcept { return *static_cast<Cookie*>(cookie); }

  /// Keeps the exception that is being handled, and tells C of it.
  void keep() noexcept {
    if (!error) error = std::current_exception();
    try {
      throw;
    } catch (const std::system_error& system) {
      errno = system.code().value() != 0 ? system.code().value() : EIO;
    } catch (const UnsupportedOperation&) {
      errno = ENOTSUP;
    } catch (const ClosedError&) {
      errno = EBADF;
    } catch (const std::invalid_argument&) {
      errno = EINVAL;
    } catch (const std::length_error&) {
      errno = ENOSPC;
    } catch (const std::bad_alloc&) {
      errno = ENOMEM;
    } catch (...) {
      errno = EIO;
    }
  }

  static ssize_t read(void* cookie, char* target, std::size_t size) noexcept {
    try {
      return static_cast<ssize_t>(of(cookie).stream->readinto({target, size}));
    } catch (...) {
      of(cookie).keep();
      return -1;
    }
  }

  // Less than `size` is how a cookie says that it failed. C drops what was not taken, as it does when it
  // writes to a file: the exception tells of it.
  static ssize_t write(void* cookie, const char* data, std::size_t size) noexcept {
    std::size_t done = 0;
    try {
      while (done < size) {
        const std::size_t count = of(cookie).stream->write_some({data + done, size - done});
        if (count == 0) detail::throw_errno(ENOSPC, "the stream takes no more");
        done += count;
      }
    } catch (...) {
      of(cookie).keep();
    }
    return static_cast<ssize_t>(done);
  }

  // C has a stream that cannot seek keep what was read too much, but knows it by ESPIPE alone. Were
  // there no function, errno would stay what it was.
  static int seek(void* cookie, off64_t* position, int whence) noexcept {
    if (!of(cookie).seekable) {
      errno = ESPIPE;
      return -1;
    }
    try {
      Stream& stream = *of(cookie).stream;
      const std::size_t before = stream.tell();
      off64_t base = 0;
      if (whence == SEEK_CUR) base = static_cast<off64_t>(before);
      if (whence == SEEK_END) base = static_cast<off64_t>(stream.seek(0, Whence::End));
      // What C refuses, some streams take for their beginning. It is no error of theirs.
      if (*position < -base || *position > std::numeric_limits<off64_t>::max() - base) {
        stream.seek(static_cast<std::ptrdiff_t>(before));
        errno = EINVAL;
        return -1;
      }
      const off64_t target = base + *position;
      if (target != static_cast<off64_t>(before) || whence == SEEK_END) stream.seek(target);
      *position = target;
      return 0;
    } catch (...) {
      of(cookie).keep();
      return -1;
    }
  }
};

CFile::CFile(StreamHandle stream) {
  if (!stream) detail::throw_invalid("a CFile needs a stream to stand on");
  const bool reads = stream->readable();
  const bool writes = stream->writable();
  if (!reads && !writes) detail::throw_unsupported("fopencookie");
  cookie_ = std::make_unique<Cookie>();
  cookie_->seekable = stream->seekable();
  const cookie_io_functions_t calls = {
      reads ? Cookie::read : nullptr,
      writes ? Cookie::write : nullptr,
      Cookie::seek,
      nullptr,
  };
  file_ = ::fopencookie(cookie_.get(), reads && writes ? "r+" : reads ? "r" : "w", calls);
  if (file_ == nullptr) throw std::bad_alloc();
  cookie_->stream = std::move(stream);
}

CFile::CFile(CFile&& other) noexcept
    : cookie_(std::move(other.cookie_)), file_(std::exchange(other.file_, nullptr)) {}

CFile& CFile::operator=(CFile&& other) noexcept {
  CFile before(std::move(other));
  std::swap(cookie_, before.cookie_);
  std::swap(file_, before.file_);
  return *this;
}

CFile::~CFile() {
  try {
    close();
  } catch (...) {
    return;  // a destructor has nobody to tell
  }
}

Stream& CFile::stream() {
  if (file_ == nullptr) detail::throw_closed();
  errno = 0;
  const int failed = std::fflush(file_) != 0 ? last_error() : 0;
  if (cookie_->error) std::rethrow_exception(std::exchange(cookie_->error, nullptr));
  if (failed != 0) detail::throw_errno(failed, "fflush");
  return *cookie_->stream;
}

void CFile::close() {
  if (file_ == nullptr) return;
  // C flushes, and hands back what it has read too much.
  static_cast<void>(std::fflush(file_));
  errno = 0;
  const int failed = std::fclose(std::exchange(file_, nullptr)) != 0 ? last_error() : 0;
  const std::unique_ptr<Cookie> cookie = std::move(cookie_);
  try {
    cookie->stream.finish();
  } catch (...) {
    if (!cookie->error) cookie->error = std::current_exception();
  }
  if (cookie->error) std::rethrow_exception(cookie->error);
  if (failed != 0) detail::throw_errno(failed, "fclose");
}

// --- CFileIO -------------------------------------------------------------------------------------

CFileIO::CFileIO(std::FILE* file, bool close_file) : file_(file), close_file_(close_file) {
  if (file == nullptr) detail::throw_invalid("a CFileIO over a null FILE");
}

CFileIO::CFileIO(CFileIO&& other) noexcept
    : Stream(static_cast<Stream&&>(other)),
      file_(std::exchange(other.file_, nullptr)),
      close_file_(other.close_file_),
      last_(other.last_) {}

CFileIO& CFileIO::operator=(CFileIO&& other) noexcept {
  if (this != &other) {
    CFileIO before(std::move(*this));
    Stream::operator=(static_cast<Stream&&>(other));
    file_ = std::exchange(other.file_, nullptr);
    close_file_ = other.close_file_;
    last_ = other.last_;
  }
  return *this;
}

CFileIO::~CFileIO() {
  try {
    CFileIO::close();
  } catch (...) {
    return;  // a destructor has nobody to tell
  }
}

void CFileIO::fail(const char* operation) const {
  detail::throw_errno(last_error(), operation);
}

bool CFileIO::readable() const {
  check_open();
  return ::__freadable(file_) != 0;
}

bool CFileIO::writable() const {
  check_open();
  return ::__fwritable(file_) != 0;
}

bool CFileIO::seekable() const {
  check_open();
  return ::ftello(file_) >= 0;
}

bool CFileIO::isatty() const {
  check_open();
  const int descriptor = ::fileno(file_);
  return descriptor >= 0 && ::isatty(descriptor) != 0;
}

int CFileIO::fileno() const {
  check_open();
  const int descriptor = ::fileno(file_);
  if (descriptor < 0) detail::throw_unsupported("fileno");
  return descriptor;
}

void CFileIO::turn_to(Last next) {
  check_open();
  if (next == Last::Read && ::__freadable(file_) == 0) detail::throw_unsupported("read");
  if (next == Last::Wrote && ::__fwritable(file_) == 0) detail::throw_unsupported("write");
  // A file without positions has two sides that know nothing of each other.
  errno = 0;
  if (last_ != Last::Neither && last_ != next && ::fseeko(file_, 0, SEEK_CUR) != 0 &&
      errno != ESPIPE) {
    fail("fseeko");
  }
  last_ = next;
}

std::size_t CFileIO::readinto(MutableByteSpan target) {
  turn_to(Last::Read);
  // The end of a file is not for ever; an error that was reported is over.
  std::clearerr(file_);
  errno = 0;
  const std::size_t count = std::fread(target.data(), 1, target.size(), file_);
  if (count == 0 && std::ferror(file_) != 0) fail("fread");
  return count;
}

Bytes CFileIO::readline(std::ptrdiff_t size) {
  if (size >= 0) return Stream::readline(size);
  turn_to(Last::Read);
  std::clearerr(file_);
  errno = 0;
  char* line = nullptr;
  std::size_t capacity = 0;
  const ssize_t count = ::getline(&line, &capacity, file_);
  const auto free_it = [](void* memory) noexcept { std::free(memory); };
  if (count > 0) return Bytes::adopt(line, static_cast<std::size_t>(count), free_it);
  const int error = last_error();
  std::free(line);
  if (std::ferror(file_) != 0 || error == ENOMEM) detail::throw_errno(error, "getline");
  return {};
}

std::size_t CFileIO::write_some(ByteSpan data) {
  turn_to(Last::Wrote);
  std::clearerr(file_);
  errno = 0;
  const std::size_t count = std::fwrite(data.data(), 1, data.size(), file_);
  if (count == 0 && !data.empty()) fail("fwrite");
  return count;
}

std::size_t CFileIO::write(ByteSpan data) {
  for (std::size_t done = 0; done < data.size();) done += write_some(data.subspan(done));
  check_open();
  return data.size();
}

std::size_t CFileIO::seek(std::ptrdiff_t offset, Whence whence) {
  check_open();
  errno = 0;
  if (::fseeko(file_, offset, static_cast<int>(whence)) != 0) fail("fseeko");
  last_ = Last::Neither;
  return CFileIO::tell();
}

std::size_t CFileIO::tell() const {
  check_open();
  errno = 0;
  const off_t at = ::ftello(file_);
  if (at < 0) fail("ftello");
  return static_cast<std::size_t>(at);
}

std::size_t CFileIO::truncate(std::optional<std::size_t> size) {
  const std::size_t wanted = detail::truncate_target(size, size ? 0 : CFileIO::tell());
  CFileIO::flush();
  if (::ftruncate(CFileIO::fileno(), static_cast<off_t>(wanted)) != 0) fail("ftruncate");
  return wanted;
}

void CFileIO::flush() {
  check_open();
  // What was read ahead is not to be given up where it could not be read again.
  if (last_ == Last::Read) return;
  errno = 0;
  if (std::fflush(file_) != 0) fail("fflush");
}

void CFileIO::close() {
  if (file_ == nullptr) return;
  std::FILE* const file = std::exchange(file_, nullptr);
  errno = 0;
  if ((close_file_ ? std::fclose(file) : std::fflush(file)) != 0) {
    fail(close_file_ ? "fclose" : "fflush");
  }
}

}  // namespace quire
