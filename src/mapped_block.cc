#include "mapped_block.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

#include "mapped_layout.h"
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

// Once one part in so many was lent for overwriting, what is dirty is worth asking for: that takes as
// long as writing a part of that size.
constexpr std::size_t kWorthAsking = 64;

// --- branches ------------------------------------------------------------------------------------

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
  // Once as much was copied over the file's pages as they are, a new file costs no more. But one is left
  // for good before the next.
  const bool worn = block.file && !block.beneath &&
                    (block.file->overlaid() + differs >= block.file->size() ||
                     block.extent_count == block.extents.size());
  const bool first = !block.file;
  const pages::Access access =
      block.export_count() == 0 ? pages::Access::Read : pages::Access::ReadWrite;
  if (first || !block.file->open() || worn) {
    if (block.beneath) return false;
    MemoryFileRef fresh = MemoryFileRef::create();
    if (!fresh) return block.file && block.file->open();
    *copied += move_to_file(block, std::move(fresh), whole, access);
  } else if (must_copy_tail) {
    return true;
  } else {
    *copied += freeze(block, whole, access);
  }
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

// --- the kind ------------------------------------------------------------------------------------

void destroy_mapped(Block* block) noexcept {
  tell_memory_gone(block);
  drop_mapping(mapped(block));
  pages::give_mappings(mapped(block).mappings);
  delete &mapped(block);
}

Block* branch_mapped(Block* block, std::size_t used, std::size_t capacity, Range hole,
                     std::size_t* copied) noexcept {
  MappedBlock& source = mapped(block);
  *copied = 0;
  // Without a file what is overwritten is written once, and most of the rest need not be shared.
  if (source.paging == Paging::WhenShared && overlap(used, hole) > used / 2) return nullptr;
  const std::lock_guard lock(process_locks.layouts.of(block));
  if (!prepare_branch(source, used, copied)) return nullptr;
  Block* const made = new_mapped_block(std::max(used, capacity), source.paging, source.huge_pages);
  if (made == nullptr) return nullptr;
  BlockRef owner = BlockRef::adopt(made);
  MappedBlock& target = mapped(made);
  target.file = source.file;
  target.frozen = std::min(source.frozen, pages::round_up(used));
  std::size_t hole_begin = target.frozen;
  std::size_t hole_end = target.frozen;
  if (hole.count > kSmallHole) {
    hole_begin = pages::round_up(hole.offset);
    hole_end = std::max(hole_begin, pages::round_down(hole.offset + hole.count));
    target.hole_begin = hole_begin;
    target.hole_end = std::min(hole_end, target.frozen);
  }
  if (!target.dirty.grow(pages_of(target.frozen)) ||
      !map_file(source, target, hole_begin, hole_end)) {
    return nullptr;
  }
  std::size_t differed = overlay(source, used, target, hole_begin, hole_end);
  if (target.frozen < used) {
    differed += copy_range(source, target.data, target.frozen, used, hole);
  }
  target.file->add_overlaid(differed);
  *copied += differed;
  static_cast<void>(settle_mappings(target));
  return owner.detach();
}

/// Leaves a block that is paged from birth, and that the caller owns alone, in a file that nobody else
/// has, with no page in memory twice.
Block* tidy(MappedBlock& block, std::size_t used, std::size_t capacity,
            std::size_t* copied) noexcept {
  const bool clean = block.dirty_known && block.dirty.count() == 0;
  if (!clean && block.beneath) return nullptr;
  MemoryFileRef fresh = clean ? MemoryFileRef() : MemoryFileRef::create();
  if (!clean && !fresh) return nullptr;
  cut(block, capacity);
  if (clean) return &block;
  const std::size_t end = std::max(block.frozen, pages::round_down(used));
  *copied = move_to_file(block, std::move(fresh), end, pages::Access::ReadWrite);
  if (block.frozen == end) static_cast<void>(settle_mappings(block));
  return &block;
}

Block* grow_paged(MappedBlock& block, std::size_t used, std::size_t capacity,
                  std::size_t* copied) noexcept {
  Block* const grown = branch_mapped(&block, used, capacity, {}, copied);
  if (grown != nullptr) destroy_mapped(&block);
  return grown;
}

Block* resize_mapped(Block* block, std::size_t used, std::size_t capacity, Range hole,
                     std::size_t* copied) noexcept {
  MappedBlock& self = mapped(block);
  *copied = 0;
  if (capacity > kMaxSize) return nullptr;
  capacity = capacity > self.capacity && !self.file ? grown_size(capacity) : mapping_size(capacity);
  if (self.file) {
    if (capacity > self.capacity) return grow_paged(self, used, capacity, copied);
    if (!self.file->unique()) {
      cut(self, capacity);
      return block;
    }
    if (self.paging == Paging::FromBirth) return tidy(self, used, capacity, copied);
    return go_home(self, used, capacity, hole, copied) ? block : nullptr;
  }
  if (capacity > self.capacity) {
    std::size_t surplus = 0;
    const Mapping kept = take_cached_mapping(capacity, used, &surplus);
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
  self.lent = std::min(self.lent, capacity);
  return block;
}

/// Before `size` bytes below the frozen end are written: asks what a view that is gone has written to, if
/// it is time. From then on the record is complete: only windows say where the stream writes.
void learn_dirty(MappedBlock& block, std::size_t size) noexcept {
  block.unasked += size;
  if (block.unasked < block.frozen / kWorthAsking) return;
  block.unasked = 0;
  block.dirty_known = add_own_pages(block.data, pages_of(block.frozen), block.dirty) == 0;
}

WriteWindow window_mapped(Block* block, std::size_t begin, std::size_t end, bool alone) noexcept {
  MappedBlock& self = mapped(block);
  std::unique_lock<std::mutex> lock;
  if (!alone) lock = std::unique_lock(process_locks.layouts.of(block));
  if (begin < self.frozen || self.read_only) {
    if (!make_writable(self)) return {};
  }
  if (begin >= self.frozen) {
    if (self.paging == Paging::WhenShared) {
      touch(self, begin, end);
      self.lent = std::max(self.lent, end);
      return {self.frozen, std::max(end, self.touched)};
    }
    const std::size_t whole = pages::round_down(begin);
    std::size_t from = self.frozen;
    if (whole - from >= kBirthStep) {
      // If it fails, or the file no longer grows, it is not tried again for every write.
      from = whole;
      const bool first = !self.file;
      if (first) self.file = MemoryFileRef::create();
      if (self.file) freeze(self, whole, pages::Access::ReadWrite);
      if (first && self.frozen == 0) forget_file(self);
    }
    end = std::min(self.capacity, std::max(end, from + 2 * kBirthStep));
    self.lent = std::max(self.lent, end);
    return {self.frozen, end};
  }
  if (!self.dirty_known) learn_dirty(self, std::min(end, self.frozen) - begin);
  const std::size_t first = begin / pages::page_size();
  const std::size_t last = pages_of(pages::round_up(std::min(end, self.frozen)));
  const std::size_t clean = last - first - self.dirty.count(first, last);
  // With most of it copied the file is only a second copy, if nobody else has it. One that is to have a
  // file all the same gets another when that helps, not when it has just got one.
  const std::size_t differs =
      self.dirty.count() + (self.paging == Paging::WhenShared ? clean : std::size_t{0});
  if (alone && self.file->unique() && differs * 2 > pages_of(self.frozen)) return {};
  if (alone && clean != 0) replace_units(self, begin, std::min(end, self.frozen));
  if (clean == 0 && self.hole_begin < self.hole_end) touch_hole(self, begin, end);
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

MemoryUse memory_of_mapped(Block* block) noexcept {
  MappedBlock& self = mapped(block);
  const std::lock_guard lock(process_locks.layouts.of(block));
  std::array<std::uint64_t, 2048> words;
  std::size_t own = 0;
  for (std::size_t at = 0; at < self.capacity;) {
    const std::size_t count = std::min(words.size(), pages_of(self.capacity - at));
    if (pages::read_pagemap(self.data + at, count, words.data()) != 0) return {self.capacity};
    own += static_cast<std::size_t>(std::count_if(
        words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count), pages::is_own_page));
    at += count * pages::page_size();
  }
  MemoryUse use{own * pages::page_size()};
  if (self.file) use.files[0] = {self.file.get(), self.file->memory()};
  if (self.beneath) use.files[1] = {self.beneath.get(), self.beneath->memory()};
  return use;
}

constexpr BlockKind kMappedKind{"mapped",      destroy_mapped, resize_mapped,   branch_mapped,
                                window_mapped, expose_mapped,  memory_of_mapped};

}  // namespace

Block* new_mapped_block(std::size_t capacity, Paging paging, bool huge_pages) noexcept {
  if (!pages::available() || capacity > kMaxSize) return nullptr;
  if (!pages::take_mappings(1)) return nullptr;
  std::size_t surplus = 0;
  const Mapping mapping = new_mapping(mapping_size(capacity), capacity, &surplus);
  if (mapping.size != 0) {
    auto* const block =
        new (std::nothrow) MappedBlock(&kMappedKind, mapping, surplus, paging, huge_pages);
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
  // One file can be kept beneath, not two; and where the pages are on a disk there is no memory to free.
  if (whole == 0 || self.beneath || (self.file && self.file->on_disk())) return;
  DirtyPages none;
  if (!none.grow(pages_of(whole)) || !take_mappings(self, 1)) return;
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
  // What lies behind, whatever it comes from, counts as the tail from now on, and stays where it is: it may
  // be another stream's, which writes there. Of its file the rest is given back.
  const MemoryFileRef before = self.file;
  const Extents extents = self.extents;
  const std::size_t count = self.extent_count;
  forget_file(self);
  self.file = file;
  self.dirty = std::move(none);
  self.frozen = done;
  self.extents[0] = {0, 0, done};
  self.extent_count = 1;
  self.read_only = true;
  if (before) give_back(*before.get(), extents, count, 0, done);
  keep_beneath(self, before, extents, count);
  if (done == whole) static_cast<void>(settle_mappings(self));
}

bool is_left_first(Block& block) noexcept {
  if (block.kind != &kMappedKind) return false;
  MappedBlock& self = mapped(&block);
  const std::lock_guard lock(process_locks.layouts.of(&block));
  return self.paging == Paging::WhenShared && !self.file && !std::exchange(self.left_before, true);
}

void expect_leaving(Block& block) noexcept {
  if (block.kind == &kMappedKind) mapped(&block).left_before = true;
}

void keep_nothing_of(Block& block) noexcept {
  // Several owners may say so at once. The one that frees it, on whatever thread, sees what an owner before
  // it did.
  if (block.kind == &kMappedKind) mapped(&block).reusable.store(false, std::memory_order_relaxed);
}

bool give_file(Block& block, std::size_t size, std::size_t* copied, int* reader) noexcept {
  *copied = 0;
  if (block.kind != &kMappedKind) return false;
  MappedBlock& self = mapped(&block);
  const std::lock_guard lock(process_locks.layouts.of(&block));
  const std::size_t whole = pages::round_down(size);
  if (!self.file || self.file->on_disk() || self.frozen == 0 || self.frozen > whole) return false;
  if (!self.dirty_known && add_own_pages(self.data, pages_of(self.frozen), self.dirty) != 0) {
    return false;
  }
  if (self.dirty.count() != 0) return false;
  const std::size_t had = self.file->size();
  if (had == self.frozen) {
    *copied = freeze(self, whole, pages::Access::ReadWrite);
    static_cast<void>(settle_mappings(self));
  }
  const Extent& all = self.extents[0];
  if (self.extent_count != 1 || all.offset != 0 || all.size != whole) return false;
  if (self.file->seal(whole, self.data + whole, size - whole, reader) != 0) return false;
  *copied = size - had;
  return true;
}

const char* tier_of(Block& block) noexcept {
  if (block.kind != &kMappedKind) return block.kind->name;
  const std::lock_guard lock(process_locks.layouts.of(&block));
  return mapped(&block).file ? "paged" : "mapped";
}

}  // namespace quire::detail
