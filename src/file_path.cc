#include "quire/file_path.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>
#include <vector>

#include "path_files.h"
#include "process_locks.h"
#include "quire/bytes_io.h"
#include "quire/detail/pages.h"
#include "quire/detail/temporary_file.h"
#include "quire/error.h"

namespace quire {

namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10;

[[noreturn]] void fail(int error, const std::string& directory) {
  detail::throw_errno(error, directory.empty() ? std::string("file in memory")
                                               : "temporary file in '" + directory + "'");
}

}  // namespace

// It is closed even when there is no memory for the path.
FilePath::FilePath(int descriptor) : FilePath() {
  descriptor_ = descriptor;
  path_ = detail::temporary_file::path_of(descriptor);
}

FilePath::FilePath(FilePath&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

FilePath& FilePath::operator=(FilePath&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

FilePath::~FilePath() {
  if (descriptor_ >= 0) detail::temporary_file::close(descriptor_);
}

const std::string& FilePath::str() const noexcept {
  detail::temporary_file::take_over_path(path_);
  return path_;
}

int FilePath::detach() noexcept {
  return std::exchange(descriptor_, -1);
}

WritablePath::WritablePath(BytesIO& stream, FilePath file) noexcept
    : FilePath(std::move(file)), stream_(&stream) {}

void WritablePath::close() {
  if (stream_ == nullptr) return;
  stream_->take_file(fileno());
  stream_ = nullptr;
}

namespace detail {

namespace {

int created(const std::string& directory) {
  int file = -1;
  const int error = directory.empty() ? temporary_file::create_in_memory(&file)
                                      : temporary_file::create(directory.c_str(), &file);
  if (error != 0) fail(error, directory);
  return file;
}

int write_with_room(int file, ByteSpan data) noexcept {
  if (data.empty()) return 0;
  if (const int error = temporary_file::allocate(file, 0, data.size())) return error;
  return temporary_file::write(file, data.data(), data.size(), 0);
}

/// Without room in advance, which would come in small pages.
int write_huge_pages(int file, ByteSpan data) noexcept {
  for (std::size_t at = 0; at < data.size(); at += pages::kHugePage) {
    const std::size_t size = std::min(pages::kHugePage, data.size() - at);
    // A child forked meanwhile would have a mapping of the file to write through, and while it lives nobody
    // could seal the file. Not for all of them at once: every fork waits.
    const std::lock_guard lock(process_locks.files.of_file(file));
    if (const int error = pages::append(file, data.data() + at, size, at, true)) return error;
  }
  return 0;
}

/// `fill(file)` puts all `size` bytes into it and returns an error number or 0.
template <class Fill>
FilePath constant_file(const std::string& directory, std::size_t size, Fill fill) {
  const int file = created(directory);
  int reader = -1;
  int error = fill(file);
  if (error == 0) error = temporary_file::make_constant(file, size, &reader);
  temporary_file::close(file);
  if (error != 0) fail(error, directory);
  return FilePath(reader);
}

}  // namespace

FilePath new_path_file(const std::string& directory) {
  return FilePath(created(directory));
}

FilePath file_in_memory_of(ByteSpan data, bool huge_pages) {
  return constant_file({}, data.size(), [&](int file) {
    if (huge_pages && pages::available() && data.size() >= pages::kHugePage &&
        write_huge_pages(file, data) == 0) {
      return 0;
    }
    return write_with_room(file, data);
  });
}

FilePath file_of(ByteSpan data, const std::string& directory) {
  return constant_file(directory, data.size(),
                       [&](int file) { return write_with_room(file, data); });
}

void read_file(int file, const std::function<void(ByteSpan)>& take) {
  std::vector<std::byte> piece(kPiece);
  std::size_t at = 0;
  for (;;) {
    std::size_t filled = 0;
    const int error = temporary_file::read(file, piece.data(), piece.size(), at, &filled);
    if (error != 0) throw_errno(error, "file of a WritablePath");
    if (filled == 0) return;
    take({piece.data(), filled});
    at += filled;
  }
}

}  // namespace detail
}  // namespace quire
