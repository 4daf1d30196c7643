#include "quire/file_path.h"

#include <cerrno>
#include <utility>
#include <vector>

#include "path_files.h"
#include "quire/bytes_io.h"
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

}  // namespace

FilePath new_path_file(const std::string& directory) {
  return FilePath(created(directory));
}

FilePath file_of(ByteSpan data, const std::string& directory) {
  const int file = created(directory);
  int reader = -1;
  int error = 0;
  if (!data.empty()) {
    error = temporary_file::allocate(file, 0, data.size());
    if (error == 0) error = temporary_file::write(file, data.data(), data.size(), 0);
  }
  if (error == 0) error = temporary_file::make_constant(file, data.size(), &reader);
  temporary_file::close(file);
  if (error != 0) fail(error, directory);
  return FilePath(reader);
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
