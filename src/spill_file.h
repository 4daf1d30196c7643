// SpillFile: a file on disk that holds the bytes of blocks at the offsets that they have there.
//
//   file      [ written, seen by several blocks | written by one of them | room on the disk ]
//              0                           floor                    written              room
//
// Every block maps it privately; what it has changed is written back from time to time, so that the
// memory is free again. Bytes below the floor never change: another block, or a process forked off
// since, may see them. Above it only one block writes. A block that has the file to itself, in a
// process that has not forked since, has no floor.
//
// Lifetime: as MemoryFile. Thread: any; the lock of a file is held while it is written to, so that a
// fork waits for that.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "dirty_pages.h"
#include "memory_file.h"
#include "page_ranges.h"
#include "quire/detail/block.h"
#include "quire/detail/pages.h"

namespace quire::detail {

/// Where a stream's temporary files are made, and how much it may change in memory before that is
/// written back.
struct SpillPlace {
  std::string directory;
  std::size_t share;
};

/// The place for a stream that keeps `limit` bytes in memory. An empty directory means the first of
/// $TMPDIR, /var/tmp and /tmp that takes files and keeps them on a disk.
/// Errors: std::system_error when there is none.
[[nodiscard]] std::shared_ptr<const SpillPlace> spill_place(const std::string& directory,
                                                            std::size_t limit);

/// Calls `visit(offset, count)` for each run of bytes below `used` that are in dirty pages.
template <class Visit>
void for_each_dirty(const DirtyPages& dirty, std::size_t used, Visit visit) {
  const std::size_t page = pages::page_size();
  const std::size_t last = std::min(dirty.size(), pages_up(used));
  for (Range run = dirty.next_run(0, last); run.count != 0;
       run = dirty.next_run(run.offset + run.count, last)) {
    const std::size_t at = run.offset * page;
    visit(at, std::min(run.count * page, used - at));
  }
}

class SpillFile final : public MemoryFile {
 public:
  /// An empty file with one owner; null when the system refuses, and `*error` says why.
  [[nodiscard]] static SpillFile* create(std::shared_ptr<const SpillPlace> place,
                                         int* error) noexcept;

  [[nodiscard]] const std::shared_ptr<const SpillPlace>& place() const noexcept { return place_; }

  // Those that return an int return 0 or an error number.

  /// Makes room on the disk up to `end`.
  [[nodiscard]] int make_room(std::size_t end) noexcept;

  /// The first bytes of an empty file.
  [[nodiscard]] int fill(const std::byte* data, std::size_t size) noexcept;

  /// The same from another file, but for the pages in `dirty`, which come from the block at `data`.
  [[nodiscard]] int fill_from(SpillFile& source, const std::byte* data, std::size_t size,
                              const DirtyPages& dirty) noexcept;

  /// Writes those of the pages [0, last) back that are in `dirty` and that `block` may write, and
  /// takes them out of `dirty`: `data` shows the file's from then on.
  /// Errors: EBUSY when there were some that it may not; `dirty` has them still.
  [[nodiscard]] int write_back(const Block* block, std::byte* data, std::size_t last,
                               DirtyPages& dirty) noexcept;

  /// Whether write_back() would write pages from `offset` on.
  [[nodiscard]] bool writable_from(const Block* block, std::size_t offset) noexcept;

  /// Gives back what lies behind `size`, if `block` may do that.
  void cut(const Block* block, std::size_t size) noexcept;

  /// Another block has been made that sees what is written.
  void share() noexcept;

  /// Keeps an older file, of which a block still has pages, as long as this one.
  void keep(MemoryFileRef older) noexcept { older_ = std::move(older); }

  /// The block is gone, or has left for another file.
  void leave(const Block* block) noexcept;

  /// Cuts a file that no block has yet to `size` bytes; see temporary_file::make_constant().
  [[nodiscard]] int make_constant(std::size_t size, int* reader) noexcept;

  /// Maps `size` bytes; see temporary_file::map().
  [[nodiscard]] int map(std::size_t size, std::byte** data) noexcept;

 private:
  SpillFile(int descriptor, std::shared_ptr<const SpillPlace> place) noexcept;
  ~SpillFile() override;

  // With the lock held.
  [[nodiscard]] bool writable_by(const Block* block) noexcept;
  [[nodiscard]] int write(const std::byte* data, std::size_t offset, std::size_t size) noexcept;

  const std::shared_ptr<const SpillPlace> place_;
  const std::uint64_t forks_;
  MemoryFileRef older_;
  const Block* writer_ = nullptr;
  std::size_t floor_ = 0;
  std::size_t written_ = 0;
  std::atomic<std::size_t> room_ = 0;
};

[[noreturn]] void throw_spill_error(int error, const SpillPlace& place);

}  // namespace quire::detail
