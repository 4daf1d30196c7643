#include "spill_block.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

#include "page_ranges.h"
#include "process_locks.h"
#include "quire/detail/pages.h"

namespace quire::detail {

namespace {

// How far ahead of its end a stream may write without asking.
constexpr std::size_t kWindowStep = std::size_t{64} << 10;

thread_local int last_error = 0;

struct SpillBlock : Block {
  SpillBlock(MemoryFileRef of, std::byte* mapping, std::size_t size) noexcept;

  MemoryFileRef file;
  MemoryFileRef beneath;    // of the last pages, if a change of file left them out; dirty, too
  DirtyPages dirty;         // each page that may differ from the file
  bool dirty_known = true;  // false once a writable view was handed out
  WriteWindow lent{0, 0};   // all of it is in `dirty`
  std::size_t next = 0;     // where the stream goes on when it writes in sequence
  std::size_t high = 0;     // whole pages that are content, or have been lent

  [[nodiscard]] SpillFile& spill() const noexcept { return static_cast<SpillFile&>(*file.get()); }

  [[nodiscard]] std::size_t dirty_bytes() const noexcept {
    return dirty.count() * pages::page_size();
  }

  /// Makes room on the disk for what is written up to `end`, in the file of the pages there.
  [[nodiscard]] int make_room(std::size_t end) const noexcept {
    return (beneath ? static_cast<SpillFile&>(*beneath.get()) : spill()).make_room(end);
  }

  /// See SpillFile::write_back().
  [[nodiscard]] int write_back(std::size_t last) noexcept {
    lent = {0, 0};
    return beneath ? EBUSY : spill().write_back(this, data, last, dirty);
  }
};

SpillBlock& spilled(Block* block) noexcept {
  return *static_cast<SpillBlock*>(block);
}

int take_spill_error() noexcept {
  return std::exchange(last_error, 0);
}

template <class Result>
Result refuse(int error, Result result) noexcept {
  last_error = error;
  return result;
}

std::size_t dirty_below(const DirtyPages& dirty, std::size_t used) noexcept {
  std::size_t bytes = 0;
  for_each_dirty(dirty, used, [&](std::size_t, std::size_t count) { bytes += count; });
  return bytes;
}

/// Has all pages that may differ in `block.dirty`.
bool find_dirty(SpillBlock& block) noexcept {
  if (block.dirty_known) return true;
  const int error = add_own_pages(block.data, pages_of(block.capacity), block.dirty);
  return error == 0 || refuse(error, false);
}

/// Null when the system refuses.
SpillBlock* new_block(const MemoryFileRef& file, std::size_t used, std::size_t capacity) noexcept {
  capacity = pages::round_up(std::max({used, capacity, kWindowStep}));
  if (capacity > kMaxSize || !pages::take_mappings(1, pages::MappingOf::Disk))
    return refuse(ENOMEM, nullptr);
  std::byte* data = nullptr;
  int error = static_cast<SpillFile&>(*file.get()).map(capacity, &data);
  if (error == 0) {
    auto* const block = new (std::nothrow) SpillBlock(file, data, capacity);
    if (block != nullptr && block->dirty.grow(pages_of(capacity))) {
      block->high = pages::round_up(used);
      return block;
    }
    delete block;
    pages::unmap(data, capacity);
    error = ENOMEM;
  }
  pages::give_mappings(1);
  return refuse(error, nullptr);
}

/// Lets a block have its first `end` bytes from a file that has the same, so that its own pages are
/// free; whoever reads them goes on. Stops where that is refused.
void change_file(SpillBlock& block, std::size_t end, const MemoryFileRef& file) noexcept {
  if (end == 0 || (block.beneath && end < block.capacity)) return;
  const std::size_t seen = std::min(end, block.high);
  std::size_t done = 0;
  while (done < seen) {
    const std::size_t size = std::min(kMovedAtOnce, seen - done);
    if (file->map_in_place(block.data + done, size, done, pages::Access::ReadWrite) != 0) break;
    done += size;
  }
  if (done == seen && seen < end) {
    // Nobody sees what lies behind.
    bool torn = false;
    if (file->map_over(block.data + seen, end - seen, seen, pages::Access::ReadWrite, &torn) == 0) {
      done = end;
    } else if (torn && pages::renew(block.data + seen, end - seen) != 0) {
      // But the stream has been told that it may write there.
      end_without_bytes();
    }
  }
  if (done == 0) {
    // The bytes are there, but perhaps in memory of no file, which must not be forgotten as changes.
    if (!block.beneath) block.beneath = block.file;
    return;
  }
  const bool all = done == block.capacity;
  if (all) {
    block.spill().leave(&block);
  } else {
    block.spill().share();
  }
  block.lent = {0, 0};
  block.dirty.unset(0, pages_of(done));
  MemoryFileRef before = std::exchange(block.file, file);
  if (all) {
    block.beneath = MemoryFileRef();
    return;
  }
  if (block.beneath) {
    block.spill().keep(std::move(before));
  } else {
    block.beneath = std::move(before);
  }
  block.dirty.set(pages_of(done), pages_of(block.capacity));
}

/// A new file with the first `size` bytes of a block; none when the system refuses.
MemoryFileRef copy_file(const SpillBlock& block, std::size_t size) noexcept {
  int error = 0;
  MemoryFileRef file = MemoryFileRef::adopt(SpillFile::create(block.spill().place(), &error));
  if (file) {
    error = static_cast<SpillFile&>(*file.get())
                .fill_from(block.spill(), block.data, size, block.dirty);
  }
  return error == 0 ? file : refuse(error, MemoryFileRef());
}

/// Moves a block that only the caller writes to a file that nobody else has.
bool renew_file(SpillBlock& block) noexcept {
  const MemoryFileRef file = copy_file(block, block.high);
  if (!file) return false;
  change_file(block, block.capacity, file);
  return true;
}

// --- the kind ------------------------------------------------------------------------------------

void destroy_spill(Block* block) noexcept {
  tell_memory_gone(block);
  SpillBlock& self = spilled(block);
  pages::unmap(self.data, self.capacity);
  pages::give_mappings(1);
  self.spill().leave(block);
  delete &self;
}

/// Whether a branch that differs in that many bytes is to have a file of its own.
bool outgrown(const SpillBlock& block, std::size_t differing) noexcept {
  return block.file->overlaid() + differing > block.spill().place()->share / 2;
}

Block* branch_spill(Block* block, std::size_t used, std::size_t capacity, Range hole,
                    std::size_t* copied) noexcept {
  SpillBlock& source = spilled(block);
  *copied = 0;
  last_error = 0;
  const std::lock_guard lock(process_locks.spill_blocks.of(block));
  if (!find_dirty(source)) return nullptr;
  // Behind lie pages that their stream may be writing to, on another thread.
  const std::size_t whole = pages::round_down(used);
  static_cast<void>(source.write_back(pages_of(whole)));
  const std::size_t differing = dirty_below(source.dirty, used);
  MemoryFileRef file = source.file;
  const bool fresh =
      used == 0 || source.beneath || outgrown(source, differing + overlap(used, hole));
  if (fresh) {
    file = copy_file(source, used);
    if (!file) return nullptr;
  }
  SpillBlock* const target = new_block(file, used, capacity);
  if (target == nullptr) return nullptr;
  if (fresh) {
    // Whoever keeps the source would keep its pages in memory otherwise. A few may stay there, so
    // that the stream has the new file to itself.
    const bool many = differing > source.spill().place()->share / 16;
    if (many && source.export_count() == 0) change_file(source, whole, file);
  } else {
    for_each_dirty(source.dirty, used, [&](std::size_t at, std::size_t count) {
      std::memcpy(target->data + at, source.data + at, count);
      target->dirty.set(pages_of(at), pages_up(at + count));
    });
    file->add_overlaid(differing);
    *copied = differing;
  }
  target->spill().share();
  return target;
}

Block* resize_spill(Block* block, std::size_t, std::size_t capacity, Range,
                    std::size_t* copied) noexcept {
  SpillBlock& self = spilled(block);
  *copied = 0;
  if (capacity > kMaxSize) return refuse(EFBIG, nullptr);
  capacity = pages::round_up(std::max<std::size_t>(capacity, 1));
  if (capacity == self.capacity) return block;
  // The pages that an earlier file left behind are another mapping, which does not move along.
  if (self.beneath) return nullptr;
  if (!self.dirty.grow(pages_of(capacity))) return refuse(ENOMEM, nullptr);
  if (const int error = pages::resize(&self.data, self.capacity, capacity)) {
    return refuse(error, nullptr);
  }
  if (capacity < self.capacity) {
    self.dirty.unset(pages_of(capacity), pages_of(self.capacity));
    self.spill().cut(block, capacity);
    self.high = std::min(self.high, capacity);
  }
  self.capacity = capacity;
  self.lent = {0, 0};
  return block;
}

WriteWindow window_spill(Block* block, std::size_t begin, std::size_t end, bool alone) noexcept {
  SpillBlock& self = spilled(block);
  std::unique_lock<std::mutex> lock;
  if (!alone) lock = std::unique_lock(process_locks.spill_blocks.of(block));
  if (self.lent.begin <= begin && end <= self.lent.end) return self.lent;
  if (begin == end) return {begin, end};
  last_error = 0;
  if (!find_dirty(self)) return {};
  // From here on only the window says where the stream writes.
  self.dirty_known = true;
  const std::size_t page = pages::page_size();
  const bool goes_on = begin <= self.next && self.next <= end;
  const std::size_t wanted = std::min(self.capacity, goes_on ? end + kWindowStep : end);
  std::size_t last = pages_up(wanted);
  const std::size_t first = pages_of(begin);
  const std::size_t share = self.spill().place()->share;
  if (self.dirty_bytes() + (last - first) * page > share && self.dirty.count() != 0) {
    const int error = self.write_back(pages_of(self.capacity));
    if (error != 0 && error != EBUSY) return refuse(error, WriteWindow{});
    if (self.dirty_bytes() > share / 2 && !renew_file(self)) return {};
  }
  if (self.make_room(last * page) != 0) {
    last = pages_up(end);
    if (const int error = self.make_room(last * page)) return refuse(error, WriteWindow{});
  }
  self.dirty.set(first, last);
  self.lent = {alone ? first * page : begin, last * page};
  self.next = last * page;
  self.high = std::max(self.high, last * page);
  return self.lent;
}

bool expose_spill(Block* block) noexcept {
  spilled(block).dirty_known = false;
  spilled(block).lent = {0, 0};
  return true;
}

/// Pages of a file on a disk are the system's to drop.
MemoryUse memory_of_spill(Block* block) noexcept {
  SpillBlock& self = spilled(block);
  const std::lock_guard lock(process_locks.spill_blocks.of(block));
  MemoryUse use{self.capacity};
  use.files[0] = {self.file.get(), self.file->memory()};
  if (self.beneath) use.files[1] = {self.beneath.get(), self.beneath->memory()};
  DirtyPages own;
  const std::size_t count = pages_of(self.capacity);
  if (own.grow(count) && add_own_pages(self.data, count, own) == 0) {
    use.own = own.count() * pages::page_size();
  }
  return use;
}

constexpr BlockKind kSpillKind{"file",       destroy_spill, resize_spill,   branch_spill,
                               window_spill, expose_spill,  memory_of_spill};

SpillBlock::SpillBlock(MemoryFileRef of, std::byte* mapping, std::size_t size) noexcept
    : Block{mapping, size, &kSpillKind, 1, 0}, file(std::move(of)) {}

}  // namespace

// --- what streams ask for ------------------------------------------------------------------------

BlockRef new_spill_block(const std::shared_ptr<const SpillPlace>& place, const std::byte* data,
                         std::size_t size, std::size_t capacity) {
  int error = 0;
  const MemoryFileRef file = MemoryFileRef::adopt(SpillFile::create(place, &error));
  if (file) error = static_cast<SpillFile&>(*file.get()).fill(data, size);
  if (error != 0) throw_spill_error(error, *place);
  Block* const block = new_block(file, size, capacity);
  if (block == nullptr) throw_spill_error(take_spill_error(), *place);
  return BlockRef::adopt(block);
}

bool is_spilled(const Block* block) noexcept {
  return block != nullptr && block->kind == &kSpillKind;
}

std::shared_ptr<const SpillPlace> spill_place_of(Block& block) noexcept {
  const std::lock_guard lock(process_locks.spill_blocks.of(&block));
  return spilled(&block).spill().place();
}

SpillFile& spill_file_of(Block& block) noexcept {
  return spilled(&block).spill();
}

int prepare_spill(Block& block, Range range) noexcept {
  SpillBlock& self = spilled(&block);
  const std::lock_guard lock(process_locks.spill_blocks.of(&block));
  last_error = 0;
  if (!find_dirty(self)) return take_spill_error();
  self.dirty_known = true;
  if (self.dirty_bytes() + range.count > self.spill().place()->share / 2 &&
      !self.spill().writable_from(&block, range.offset) && !renew_file(self)) {
    return take_spill_error();
  }
  return self.make_room(pages::round_up(range.offset + range.count));
}

int copy_spill(Block& block, std::size_t size, int* reader) noexcept {
  SpillBlock& self = spilled(&block);
  const std::lock_guard lock(process_locks.spill_blocks.of(&block));
  last_error = 0;
  if (!find_dirty(self)) return take_spill_error();
  const MemoryFileRef file = copy_file(self, size);
  if (!file) return take_spill_error();
  return static_cast<SpillFile&>(*file.get()).make_constant(size, reader);
}

}  // namespace quire::detail
