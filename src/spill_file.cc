#include "spill_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "process_locks.h"
#include "quire/detail/pages.h"
#include "quire/detail/temporary_file.h"
#include "quire/error.h"

namespace quire::detail {

namespace {

// What a stream may change in memory, at least, and when nobody named a limit.
constexpr std::size_t kLeastShare = std::size_t{256} << 10;
constexpr std::size_t kDefaultShare = std::size_t{16} << 20;

// Disk space is asked for this much at a time where there is as much.
constexpr std::size_t kRoomStep = std::size_t{1} << 20;

}  // namespace

SpillFile::SpillFile(int descriptor, std::shared_ptr<const SpillPlace> place) noexcept
    : MemoryFile(descriptor, true), place_(std::move(place)) {}

SpillFile::~SpillFile() {
  temporary_file::close(descriptor());
}

SpillFile* SpillFile::create(std::shared_ptr<const SpillPlace> place, int* error) noexcept {
  int descriptor = -1;
  *error = temporary_file::create(place->directory.c_str(), &descriptor);
  if (*error != 0) return nullptr;
  auto* const file = new (std::nothrow) SpillFile(descriptor, std::move(place));
  if (file != nullptr) return file;
  temporary_file::close(descriptor);
  *error = ENOMEM;
  return nullptr;
}

int SpillFile::make_room(std::size_t end) noexcept {
  // One after the other, or less would be known than there is.
  const std::lock_guard lock(process_locks.spill_files.of(this));
  const std::size_t room = room_.load(std::memory_order_relaxed);
  if (end <= room) return 0;
  std::size_t wanted = std::max(end, room + kRoomStep);
  int error = temporary_file::allocate(descriptor(), room, wanted - room);
  if (error != 0 && wanted > end) {
    wanted = end;
    error = temporary_file::allocate(descriptor(), room, wanted - room);
  }
  if (error == 0) room_.store(wanted, std::memory_order_relaxed);
  return error;
}

int SpillFile::write(const std::byte* data, std::size_t offset, std::size_t size) noexcept {
  const int error = temporary_file::write(descriptor(), data, size, offset);
  if (error == 0) written_ = std::max(written_, offset + size);
  return error;
}

int SpillFile::fill(const std::byte* data, std::size_t size) noexcept {
  if (const int error = make_room(pages::round_up(size))) return error;
  static_cast<void>(set_aside(size));
  return size == 0 ? 0 : write(data, 0, size);
}

int SpillFile::fill_from(SpillFile& source, const std::byte* data, std::size_t size,
                         const DirtyPages& dirty) noexcept {
  if (const int error = make_room(pages::round_up(size))) return error;
  static_cast<void>(set_aside(size));
  int error = 0;
  std::size_t done = 0;
  const auto copy_clean = [&](std::size_t end) {
    if (error != 0 || done >= end) return;
    error = temporary_file::copy(source.descriptor(), descriptor(), done, end - done);
    // Not every file system can: through memory, then.
    if (error != 0 && error != ENOSPC) error = write(data + done, done, end - done);
  };
  for_each_dirty(dirty, size, [&](std::size_t at, std::size_t count) {
    copy_clean(at);
    if (error == 0) error = write(data + at, at, count);
    done = at + count;
  });
  copy_clean(size);
  written_ = size;
  return error;
}

bool SpillFile::writable_by(const Block* block) noexcept {
  if (forked()) return false;
  if (unique()) {
    floor_ = 0;
    writer_ = block;
  }
  if (writer_ == nullptr) writer_ = block;
  return writer_ == block;
}

int SpillFile::write_back(const Block* block, std::byte* data, std::size_t last,
                          DirtyPages& dirty) noexcept {
  if (dirty.count() == 0) return 0;
  const std::lock_guard lock(process_locks.spill_files.of(this));
  if (!writable_by(block)) return EBUSY;
  const std::size_t page = pages::page_size();
  const std::size_t first = pages_up(floor_);
  last = std::min(last, dirty.size());
  for (Range run = dirty.next_run(first, last); run.count != 0;
       run = dirty.next_run(run.offset + run.count, last)) {
    const std::size_t at = run.offset * page;
    if (const int error = write(data + at, at, run.count * page)) return error;
    temporary_file::forget_changes(data + at, run.count * page);
    dirty.unset(run.offset, run.offset + run.count);
  }
  return dirty.next_run(0, std::min(first, last)).count == 0 ? 0 : EBUSY;
}

bool SpillFile::writable_from(const Block* block, std::size_t offset) noexcept {
  const std::lock_guard lock(process_locks.spill_files.of(this));
  return writable_by(block) && offset >= floor_;
}

void SpillFile::cut(const Block* block, std::size_t size) noexcept {
  const std::lock_guard lock(process_locks.spill_files.of(this));
  if (!writable_by(block) || !unique() || room_.load(std::memory_order_relaxed) <= size) return;
  if (temporary_file::set_size(descriptor(), size) != 0) return;
  room_.store(size, std::memory_order_relaxed);
  written_ = std::min(written_, size);
}

void SpillFile::share() noexcept {
  const std::lock_guard lock(process_locks.spill_files.of(this));
  floor_ = written_;
  writer_ = nullptr;
}

void SpillFile::leave(const Block* block) noexcept {
  const std::lock_guard lock(process_locks.spill_files.of(this));
  if (writer_ == block) writer_ = nullptr;
}

int SpillFile::make_constant(std::size_t size, int* reader) noexcept {
  if (const int error = temporary_file::set_size(descriptor(), size)) return error;
  return temporary_file::make_constant(descriptor(), size, reader);
}

int SpillFile::map(std::size_t size, std::byte** data) noexcept {
  return temporary_file::map(descriptor(), size, data);
}

void throw_spill_error(int error, const SpillPlace& place) {
  throw_errno(error, "temporary file in '" + place.directory + "'");
}

std::shared_ptr<const SpillPlace> spill_place(const std::string& directory, std::size_t limit) {
  const std::size_t share = limit == 0 ? kDefaultShare : std::max(limit / 2, kLeastShare);
  if (!directory.empty()) return std::make_shared<const SpillPlace>(SpillPlace{directory, share});
  std::string tried;
  const char* const wanted = std::getenv("TMPDIR");
  for (const char* const candidate : {wanted, "/var/tmp", "/tmp"}) {
    if (candidate == nullptr || *candidate == '\0') continue;
    const bool in_memory = temporary_file::in_memory(candidate);
    int error = 0;
    int file = -1;
    if (!in_memory) error = temporary_file::create(candidate, &file);
    if (!in_memory && error == 0) {
      temporary_file::close(file);
      return std::make_shared<const SpillPlace>(SpillPlace{candidate, share});
    }
    tried += std::string(tried.empty() ? "" : ", ") + "'" + candidate + "' (" +
             (in_memory ? std::string("in memory") : std::strerror(error)) + ")";
  }
  throw_errno(ENOENT, "no directory for temporary files among " + tried);
}

}  // namespace quire::detail
