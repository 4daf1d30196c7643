#include "mapped_block.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "mapping_cache.h"
#include "memory_file.h"
#include "page_ranges.h"
#include "process_locks.h"
#include "quire/detail/pages.h"

namespace quire::detail {

namespace {

// A tail that is not larger is copied rather than moved into the file.
constexpr std::size_t kSmallTail = std::size_t{64} << 10;

// How much a block that is paged from birth holds outside its file.
constexpr std::size_t kBirthStep = std::size_t{256} << 10;

// A hole that is not larger is mapped like the rest: a page fault costs less than a mapping.
constexpr std::size_t kSmallHole = std::size_t{64} << 10;

// Pages that are got at once, and may still be in the cache when they are written to.
constexpr std::size_t kTouchedAtOnce = std::size_t{2} << 20;

// How many times its size a block may get from the cache.
constexpr std::size_t kOversize = 8;

// A part of the data, and no less than a little, that is touched ahead of it.
constexpr std::size_t kAhead = 20;
constexpr std::size_t kAheadMin = std::size_t{32} << 10;

/// Whole pages of a block that come from its file.
struct Extent {
  std::size_t begin;
  std::size_t offset;  // in the file
  std::size_t size;
};

using Extents = std::array<Extent, 8>;

struct MappedBlock : Block {
  MappedBlock(const Mapping& mapping, std::size_t surplus, Paging paged, bool huge) noexcept;

  const Paging paging;
  const bool huge_pages;
  std::size_t touched;  // up to where pages are known to be there
  std::size_t surplus;  // of what the cache lent
  MemoryFileRef file;
  MemoryFileRef spilled;   // the SpillFile that pages come from, to be kept as long as they do
  std::size_t frozen = 0;  // each page below is in an extent or dirty
  Extents extents{};
  std::size_t extent_count = 0;
  DirtyPages dirty;
  bool dirty_known = true;   // false once a writable view was handed out
  bool read_only = false;    // parts of it, as others only read them
  std::size_t mappings = 1;  // taken from the budget
  std::size_t inserted = 0;  // of these, for new pages in the middle of the file's
  std::size_t inserted_end = 0;

  [[nodiscard]] Extent* last_extent() noexcept {
    return extent_count == 0 ? nullptr : &extents[extent_count - 1];
  }
};

MappedBlock& mapped(Block* block) noexcept {
  return *static_cast<MappedBlock*>(block);
}

// --- mappings ------------------------------------------------------------------------------------

Mapping new_mapping(std::size_t size, std::size_t used, std::size_t* surplus) noexcept {
  Mapping mapping = take_cached_mapping(size, size * kOversize, used, surplus);
  if (mapping.size == 0 && pages::map(size, &mapping.data) == 0) mapping.size = size;
  return mapping;
}

void drop_mapping(MappedBlock& block) noexcept {
  give_surplus(std::exchange(block.surplus, 0));
  // Pages of a file are of no use to the next block.
  if (block.file) {
    pages::unmap(block.data, block.capacity);
  } else {
    cache_or_unmap({block.data, block.capacity, block.touched});
  }
}

void set_mapping(MappedBlock& block, const Mapping& mapping, std::size_t surplus) noexcept {
  block.data = mapping.data;
  block.capacity = mapping.size;
  block.touched = mapping.touched;
  block.surplus = surplus;
}

/// Where a huge page begins, at or before an offset of the block; the first one if none does.
std::size_t huge_page_before(const MappedBlock& block, std::size_t offset) noexcept {
  const auto start = reinterpret_cast<std::uintptr_t>(block.data);
  const std::size_t first = -start & (pages::kHugePage - 1);
  return offset < first ? first : first + ((offset - first) & ~(pages::kHugePage - 1));
}

/// Gets the pages of [begin, end) before they are written to one by one: a fault for each costs more
/// than the copying. Goes ahead as far as memory at rest may be more than the data, and stops where
/// a huge page may begin the next time. Of many it gets the first, and is to be asked again.
void touch(MappedBlock& block, std::size_t begin, std::size_t end) noexcept {
  end = std::min(end, begin + kTouchedAtOnce);
  const std::size_t from = std::max(block.touched, pages::round_down(begin));
  std::size_t to = pages::round_up(end + begin / kAhead + kAheadMin);
  const std::size_t stop = huge_page_before(block, to);
  if (stop >= end && stop > from && stop < to) to = stop;
  to = std::min(to, block.capacity);
  if (to > from) pages::populate(block.data + from, to - from, block.huge_pages);
  block.touched = std::max(from, to);
}

std::size_t mapping_size(std::size_t capacity) noexcept {
  return pages::round_up(std::max<std::size_t>(capacity, 1));
}

/// The same for a block that grows: in whole huge pages where these matter, for then mappings begin
/// with one. It will hardly stay at the size that it asks for.
std::size_t grown_size(std::size_t capacity) noexcept {
  const std::size_t unit = capacity < 2 * pages::kHugePage ? pages::page_size() : pages::kHugePage;
  return (capacity + unit - 1) & ~(unit - 1);
}

bool take_mappings(MappedBlock& block, std::size_t count) noexcept {
  if (!pages::take_mappings(count)) return false;
  block.mappings += count;
  return true;
}

/// Has taken as many mappings as the block is made of, no more and no less; false when it may not.
bool settle_mappings(MappedBlock& block) noexcept {
  std::size_t needed = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < block.extent_count; ++i) {
    needed += block.extents[i].begin > at ? 2 : 1;
    at = block.extents[i].begin + block.extents[i].size;
  }
  if (at < block.capacity) ++needed;
  needed += block.inserted;
  if (needed > block.mappings) return take_mappings(block, needed - block.mappings);
  pages::give_mappings(block.mappings - needed);
  block.mappings = needed;
  return true;
}

void forget_file(MappedBlock& block) noexcept {
  block.file = MemoryFileRef();
  block.frozen = block.extent_count = block.inserted = block.inserted_end = 0;
  block.dirty.clear();
  block.dirty_known = true;
}

bool make_writable(MappedBlock& block) noexcept {
  if (block.read_only && pages::make_writable(block.data, block.capacity) != 0) return false;
  block.read_only = false;
  return true;
}

// --- into the file -------------------------------------------------------------------------------

/// Where the pages from `begin` on, `offset` in the file, are recorded; null when there is no room.
Extent* extent_for(MappedBlock& block, std::size_t begin, std::size_t offset) noexcept {
  Extent* const last = block.last_extent();
  if (last != nullptr && last->begin + last->size == begin && last->offset + last->size == offset) {
    return last;
  }
  if (block.extent_count == block.extents.size() || !take_mappings(block, 1)) return nullptr;
  Extent& added = block.extents[block.extent_count++];
  added = {begin, offset, 0};
  return &added;
}

/// Moves the tail up to `end`, whole pages, into the file: a chunk is written, then mapped over
/// itself, so that neither the addresses nor the bytes change for those who are reading them. Stops
/// where it fails; what is done is done. Returns the bytes that were moved.
std::size_t freeze(MappedBlock& block, std::size_t end, pages::Access access) noexcept {
  const std::size_t begin = block.frozen;
  if (end <= begin || !block.file->grows() || !block.dirty.grow(pages_of(end))) return 0;
  const std::size_t offset = block.file->set_aside(end - begin);
  Extent* const extent = extent_for(block, begin, offset);
  if (extent == nullptr) {
    block.file->take_back(offset, end - begin);
    return 0;
  }
  while (block.frozen < end) {
    const std::size_t at = block.frozen;
    const std::size_t file_at = offset + (at - begin);
    // Up to where a huge page of the file may end.
    const std::size_t size = std::min(kMovedAtOnce - file_at % pages::kHugePage, end - at);
    if (block.file->append(block.data + at, size, file_at, block.huge_pages) != 0) break;
    if (block.file->map_in_place(block.data + at, size, file_at, access) != 0) break;
    extent->size += size;
    block.frozen += size;
    if (access == pages::Access::Read) block.read_only = true;
  }
  if (extent->size == 0) {
    --block.extent_count;
    pages::give_mappings(1);
    --block.mappings;
  }
  const std::size_t moved = block.frozen - begin;
  block.file->take_back(offset + moved, end - block.frozen);
  return moved;
}

/// Readies `block` for a branch of its first `used` bytes: gets them into a file, as far as that is
/// cheaper than copying. False: copy all.
bool prepare_branch(MappedBlock& block, std::size_t used, std::size_t* copied) noexcept {
  const std::size_t whole = pages::round_down(used);
  if (whole == 0) return false;
  if (block.file && !block.dirty_known &&
      add_own_pages(block.data, pages_of(block.frozen), block.dirty) != 0) {
    return false;
  }
  const std::size_t tail = used - std::min(block.frozen, used);
  const bool must_copy_tail = block.file && (tail <= kSmallTail || !block.file->grows());
  const std::size_t differs =
      block.dirty.count() * pages::page_size() + (must_copy_tail ? tail : 0);
  // Once as much was copied over the file's pages as they are, a new file costs no more.
  const bool worn = block.file && (block.file->overlaid() + differs >= block.file->size() ||
                                   block.extent_count == block.extents.size());
  const bool first = !block.file;
  if (!block.file || !block.file->open() || worn) {
    MemoryFileRef fresh = MemoryFileRef::create();
    if (!fresh) return block.file && block.file->open();
    if (block.file) block.file->retire();
    forget_file(block);
    block.file = std::move(fresh);
  } else if (must_copy_tail) {
    return true;
  }
  const pages::Access access =
      block.export_count() == 0 ? pages::Access::Read : pages::Access::ReadWrite;
  *copied += freeze(block, whole, access);
  if (block.frozen == 0 && first) {
    // A file that has nothing is only a descriptor less for others.
    forget_file(block);
    return false;
  }
  // Whoever holds a writable view may already be writing to pages that the file has now.
  if (block.export_count() != 0) block.dirty_known = false;
  // Until then there may be parts that come from the file before.
  if (block.frozen == whole) static_cast<void>(settle_mappings(block));
  return block.frozen != 0;
}

// --- out of the file -----------------------------------------------------------------------------

/// Maps the part [begin, end) of an extent at the same place of another block.
bool map_part(const MappedBlock& source, const Extent& extent, std::size_t begin, std::size_t end,
              MappedBlock& target) noexcept {
  begin = std::max(begin, extent.begin);
  end = std::min(end, extent.begin + extent.size);
  if (begin >= end) return true;
  const std::size_t offset = extent.offset + (begin - extent.begin);
  if (target.extent_count == target.extents.size() || !take_mappings(target, 1)) return false;
  target.extents[target.extent_count++] = {begin, offset, end - begin};
  bool torn = false;
  const bool done = source.file->map_over(target.data + begin, end - begin, offset,
                                          pages::Access::ReadWrite, &torn) == 0;
  if (torn) {
    // Another thread may have something there by now: only what is around goes.
    pages::unmap(target.data, begin);
    pages::unmap(target.data + end, target.capacity - end);
    target.capacity = 0;
  }
  return done;
}

/// Maps all that `source` has from its file into `target`, but for the whole pages [begin, end).
bool map_file(const MappedBlock& source, MappedBlock& target, std::size_t begin,
              std::size_t end) noexcept {
  for (std::size_t i = 0; i < source.extent_count; ++i) {
    const Extent& extent = source.extents[i];
    if (!map_part(source, extent, 0, std::min(begin, target.frozen), target)) return false;
    if (!map_part(source, extent, end, target.frozen, target)) return false;
  }
  return true;
}

/// Copies the pages in which `source` differs from its file, but for [begin, end).
std::size_t overlay(const MappedBlock& source, std::size_t used, MappedBlock& target,
                    std::size_t begin, std::size_t end) noexcept {
  std::size_t copied = 0;
  const std::size_t page = pages::page_size();
  const auto copy_runs = [&](std::size_t first, std::size_t last) {
    for (Range run = source.dirty.next_run(first, last); run.count != 0;
         run = source.dirty.next_run(run.offset + run.count, last)) {
      const std::size_t at = run.offset * page;
      const std::size_t size = std::min(run.count * page, used - at);
      std::memcpy(target.data + at, source.data + at, size);
      target.dirty.set(run.offset, run.offset + run.count);
      copied += size;
    }
  };
  const std::size_t last = pages_of(target.frozen);
  copy_runs(0, std::min(pages_of(begin), last));
  copy_runs(std::min(pages_of(end), last), last);
  target.dirty.set(std::min(pages_of(begin), last), std::min(pages_of(end), last));
  return copied;
}

/// Copies [from, used) but for the hole.
std::size_t copy_tail(const MappedBlock& source, std::size_t from, std::size_t used,
                      MappedBlock& target, Range hole) noexcept {
  const std::size_t before = std::min(used, std::max(from, hole.offset));
  const std::size_t after = std::min(used, std::max(from, hole.offset + hole.count));
  std::memcpy(target.data + from, source.data + from, before - from);
  std::memcpy(target.data + after, source.data + after, used - after);
  return (before - from) + (used - after);
}

// --- the kind ------------------------------------------------------------------------------------

void destroy_mapped(Block* block) noexcept {
  drop_mapping(mapped(block));
  pages::give_mappings(mapped(block).mappings);
  delete &mapped(block);
}

Block* branch_mapped(Block* block, std::size_t used, std::size_t capacity, Range hole,
                     std::size_t* copied) noexcept {
  MappedBlock& source = mapped(block);
  *copied = 0;
  if (overlap(used, hole) > used / 2) return nullptr;
  const std::lock_guard lock(process_locks.layouts.of(block));
  if (!prepare_branch(source, used, copied)) return nullptr;
  Block* const made = new_mapped_block(std::max(used, capacity), source.paging, source.huge_pages);
  if (made == nullptr) return nullptr;
  BlockRef owner = BlockRef::adopt(made);
  MappedBlock& target = mapped(made);
  target.file = source.file;
  if (target.file->on_disk()) target.spilled = target.file;
  target.frozen = std::min(source.frozen, pages::round_up(used));
  std::size_t hole_begin = target.frozen;
  std::size_t hole_end = target.frozen;
  if (hole.count > kSmallHole) {
    hole_begin = pages::round_up(hole.offset);
    hole_end = std::max(hole_begin, pages::round_down(hole.offset + hole.count));
  }
  if (!target.dirty.grow(pages_of(target.frozen)) ||
      !map_file(source, target, hole_begin, hole_end)) {
    return nullptr;
  }
  std::size_t differed = overlay(source, used, target, hole_begin, hole_end);
  if (target.frozen < used) differed += copy_tail(source, target.frozen, used, target, hole);
  target.file->add_overlaid(differed);
  *copied += differed;
  static_cast<void>(settle_mappings(target));
  return owner.detach();
}

/// Puts new memory in the place of a huge page of which [begin, end) is about to be written. The rest
/// is copied, with `room` for it. False when the system refuses.
bool replace_unit(MappedBlock& block, std::size_t unit, std::size_t begin, std::size_t end,
                  std::byte* room) noexcept {
  constexpr std::size_t kSize = pages::kHugePage;
  const bool goes_on = unit == block.inserted_end && block.inserted != 0;
  if (!goes_on && !take_mappings(block, 2)) return false;
  std::byte* const data = block.data + unit;
  const std::size_t before = begin - unit;
  const std::size_t after = unit + kSize - end;
  if (before != 0) std::memcpy(room, data, before);
  if (after != 0) std::memcpy(room + before, data + kSize - after, after);
  bool torn = false;
  const bool done = pages::map_over_new(data, kSize, &torn) == 0;
  if (torn && pages::renew(data, kSize) != 0) end_without_bytes();
  if (!done && !torn) {
    if (!goes_on) {
      pages::give_mappings(2);
      block.mappings -= 2;
    }
    return false;
  }
  if (!goes_on) block.inserted += 2;
  block.inserted_end = unit + kSize;
  block.dirty.set(pages_of(unit), pages_of(unit + kSize));
  pages::populate(data, kSize, block.huge_pages);
  if (before != 0) std::memcpy(data, room, before);
  if (after != 0) std::memcpy(data + kSize - after, room + before, after);
  return done;
}

/// Before [begin, end) below the frozen end is written: new memory for the huge pages of which that is
/// the larger part. Otherwise each page would be copied, one by one, by a page fault.
void replace_units(MappedBlock& block, std::size_t begin, std::size_t end) noexcept {
  constexpr std::size_t kSize = pages::kHugePage;
  if (end - begin < kSize / 2) return;
  std::size_t surplus = 0;
  Mapping room;
  std::size_t unit = huge_page_before(block, begin);
  for (; unit < end && unit + kSize <= block.frozen; unit += kSize) {
    const std::size_t first = std::max(begin, unit);
    const std::size_t last = std::min(end, unit + kSize);
    if (first >= last || last - first < kSize / 2) continue;
    if (block.dirty.count(pages_of(unit), pages_of(unit + kSize)) * 2 > pages_of(kSize)) continue;
    if (last - first < kSize && room.size == 0) {
      room = new_mapping(kSize / 2, kSize / 2, &surplus);
      if (room.size == 0) break;
      if (room.touched < kSize / 2) pages::populate(room.data, kSize / 2, false);
      room.touched = std::max(room.touched, kSize / 2);
    }
    if (!replace_unit(block, unit, first, last, room.data)) break;
  }
  give_surplus(surplus);
  if (room.size != 0) cache_or_unmap(room);
}

/// To anonymous memory, all of it. REQUIRES: no other block has a share in the file
Block* go_home(MappedBlock& block, std::size_t used, std::size_t capacity,
               std::size_t* copied) noexcept {
  std::size_t surplus = 0;
  const Mapping home = new_mapping(capacity, used, &surplus);
  if (home.size == 0) return nullptr;
  std::memcpy(home.data, block.data, used);
  *copied = used;
  drop_mapping(block);
  forget_file(block);
  block.spilled = MemoryFileRef();
  set_mapping(block, home, surplus);
  block.touched = std::max(block.touched, used);
  block.read_only = false;
  static_cast<void>(settle_mappings(block));
  return &block;
}

/// Gives the pages behind `capacity` back. The rest stays where it is, shared with those who share it.
Block* cut(MappedBlock& block, std::size_t capacity) noexcept {
  pages::unmap(block.data + capacity, block.capacity - capacity);
  block.capacity = capacity;
  block.touched = std::min(block.touched, capacity);
  block.frozen = std::min(block.frozen, capacity);
  block.dirty.shrink(pages_of(block.frozen));
  while (block.extent_count != 0 && block.last_extent()->begin >= capacity) --block.extent_count;
  if (Extent* const last = block.last_extent()) {
    last->size = std::min(last->size, capacity - last->begin);
  }
  static_cast<void>(settle_mappings(block));
  return &block;
}

Block* grow_paged(MappedBlock& block, std::size_t used, std::size_t capacity,
                  std::size_t* copied) noexcept {
  Block* const grown = branch_mapped(&block, used, capacity, {}, copied);
  if (grown != nullptr) destroy_mapped(&block);
  return grown;
}

Block* resize_mapped(Block* block, std::size_t used, std::size_t capacity,
                     std::size_t* copied) noexcept {
  MappedBlock& self = mapped(block);
  *copied = 0;
  if (capacity > kMaxSize) return nullptr;
  capacity = capacity > self.capacity && !self.file ? grown_size(capacity) : mapping_size(capacity);
  if (self.file) {
    if (capacity > self.capacity) return grow_paged(self, used, capacity, copied);
    return self.file->unique() ? go_home(self, used, capacity, copied) : cut(self, capacity);
  }
  if (capacity > self.capacity) {
    std::size_t surplus = 0;
    const Mapping kept = take_cached_mapping(capacity, capacity * kOversize, used, &surplus);
    if (kept.size != 0) {
      std::memcpy(kept.data, self.data, used);
      *copied = used;
      drop_mapping(self);
      set_mapping(self, kept, surplus);
      self.touched = std::max(self.touched, used);
      return block;
    }
  }
  if (pages::resize(&self.data, self.capacity, capacity) != 0) return nullptr;
  self.capacity = capacity;
  self.touched = std::min(self.touched, capacity);
  return block;
}

WriteWindow window_mapped(Block* block, std::size_t begin, std::size_t end, bool alone) noexcept {
  MappedBlock& self = mapped(block);
  std::unique_lock<std::mutex> lock;
  if (!alone) lock = std::unique_lock(process_locks.layouts.of(block));
  if (begin < self.frozen || self.read_only) {
    if (!make_writable(self)) return {};
  }
  if (!self.dirty_known) return {0, self.capacity};
  if (begin >= self.frozen) {
    if (self.paging == Paging::WhenShared) {
      touch(self, begin, end);
      return {self.frozen, std::max(end, self.touched)};
    }
    const std::size_t whole = pages::round_down(begin);
    if (whole - self.frozen >= kBirthStep) {
      const bool first = !self.file;
      if (first) self.file = MemoryFileRef::create();
      if (self.file) freeze(self, whole, pages::Access::ReadWrite);
      if (first && self.frozen == 0) forget_file(self);
    }
    return {self.frozen, std::min(self.capacity, std::max(end, self.frozen + 2 * kBirthStep))};
  }
  const std::size_t first = begin / pages::page_size();
  const std::size_t last = pages_of(pages::round_up(std::min(end, self.frozen)));
  const std::size_t clean = last - first - self.dirty.count(first, last);
  // With most of it copied the file is only a second copy, if nobody else has it.
  if (alone && self.file->unique() && (self.dirty.count() + clean) * 2 > pages_of(self.frozen)) {
    return {};
  }
  if (alone && clean != 0) replace_units(self, begin, std::min(end, self.frozen));
  self.dirty.set(first, last);
  const bool into_tail = end >= self.frozen && self.paging == Paging::WhenShared;
  return {first * pages::page_size(),
          into_tail ? self.capacity : std::max(end, last * pages::page_size())};
}

bool expose_mapped(Block* block) noexcept {
  MappedBlock& self = mapped(block);
  if (!make_writable(self)) return false;
  self.dirty_known = !self.file;
  self.touched = self.capacity;
  return true;
}

std::size_t memory_of_mapped(Block* block) noexcept {
  MappedBlock& self = mapped(block);
  const std::lock_guard lock(process_locks.layouts.of(block));
  std::array<std::uint64_t, 2048> words;
  std::size_t own = 0;
  for (std::size_t at = 0; at < self.capacity;) {
    const std::size_t count = std::min(words.size(), pages_of(self.capacity - at));
    if (pages::read_pagemap(self.data + at, count, words.data()) != 0) return self.capacity;
    own += static_cast<std::size_t>(std::count_if(
        words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count), pages::is_own_page));
    at += count * pages::page_size();
  }
  // The file lives as a whole while a page of it does; the pages of one on disk are the kernel's.
  const bool in_memory = self.file && !self.file->on_disk();
  return own * pages::page_size() + (in_memory ? self.file->size() : 0);
}

constexpr BlockKind kMappedKind{"mapped",      destroy_mapped, resize_mapped,   branch_mapped,
                                window_mapped, expose_mapped,  memory_of_mapped};

MappedBlock::MappedBlock(const Mapping& mapping, std::size_t lent, Paging paged, bool huge) noexcept
    : Block{mapping.data, mapping.size, &kMappedKind, 1, 0},
      paging(paged),
      huge_pages(huge),
      touched(mapping.touched),
      surplus(lent) {}

}  // namespace

Block* new_mapped_block(std::size_t capacity, Paging paging, bool huge_pages) noexcept {
  if (!pages::available() || capacity > kMaxSize) return nullptr;
  if (!pages::take_mappings(1)) return nullptr;
  std::size_t surplus = 0;
  const Mapping mapping = new_mapping(mapping_size(capacity), capacity, &surplus);
  if (mapping.size != 0) {
    auto* const block = new (std::nothrow) MappedBlock(mapping, surplus, paging, huge_pages);
    if (block != nullptr) return block;
    give_surplus(surplus);
    cache_or_unmap(mapping);
  }
  pages::give_mappings(1);
  return nullptr;
}

void rebase(Block& block, std::size_t used, const MemoryFileRef& file) noexcept {
  if (block.kind != &kMappedKind) return;
  MappedBlock& self = mapped(&block);
  const std::lock_guard lock(process_locks.layouts.of(&block));
  const std::size_t whole = pages::round_down(used);
  // Pages of a second file would have to be told apart from those of the first.
  DirtyPages none;
  if (whole == 0 || self.spilled || !none.grow(pages_of(whole)) || !take_mappings(self, 1)) return;
  std::size_t done = 0;
  while (done < whole) {
    const std::size_t size = std::min(kMovedAtOnce, whole - done);
    if (file->map_in_place(self.data + done, size, done, pages::Access::Read) != 0) break;
    done += size;
  }
  if (done == 0) {
    static_cast<void>(settle_mappings(self));
    return;
  }
  // What lies behind, whatever it comes from, counts as the tail from now on.
  forget_file(self);
  self.file = self.spilled = file;
  self.dirty = std::move(none);
  self.frozen = done;
  self.extents[0] = {0, 0, done};
  self.extent_count = 1;
  self.read_only = true;
  if (done == whole) static_cast<void>(settle_mappings(self));
}

const char* tier_of(Block& block) noexcept {
  if (block.kind != &kMappedKind) return block.kind->name;
  const std::lock_guard lock(process_locks.layouts.of(&block));
  return mapped(&block).file ? "paged" : "mapped";
}

}  // namespace quire::detail
