#include "mapped_layout.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "page_ranges.h"
#include "quire/detail/temporary_file.h"

namespace quire::detail {

namespace {

// Pages that are got at once, and may still be in the cache when they are written to.
constexpr std::size_t kTouchedAtOnce = std::size_t{2} << 20;

// A part of the data, and no less than a little, that is touched ahead of it.
constexpr std::size_t kAhead = 20;
constexpr std::size_t kAheadMin = std::size_t{32} << 10;

}  // namespace

MappedBlock::MappedBlock(const BlockKind* of, const Mapping& mapping, std::size_t borrowed,
                         Paging paged, bool huge) noexcept
    : Block{mapping.data, mapping.size, of, 1, 0},
      paging(paged),
      huge_pages(huge),
      touched(mapping.touched),
      surplus(borrowed) {}

// --- mappings ------------------------------------------------------------------------------------

Mapping new_mapping(std::size_t size, std::size_t used, std::size_t* surplus) noexcept {
  Mapping mapping = take_cached_mapping(size, used, surplus);
  if (mapping.size == 0 && pages::map(size, &mapping.data) == 0) mapping.size = size;
  return mapping;
}

void drop_mapping(MappedBlock& block) noexcept {
  give_surplus(std::exchange(block.surplus, 0));
  // Pages of a file are of no use to the next block.
  if (block.file || !block.reusable.load(std::memory_order_relaxed)) {
    pages::unmap(block.data, block.capacity);
  } else {
    cache_or_unmap({block.data, block.capacity, std::max(block.touched, block.lent)});
  }
}

void set_mapping(MappedBlock& block, const Mapping& mapping, std::size_t surplus) noexcept {
  block.data = mapping.data;
  block.capacity = mapping.size;
  block.touched = mapping.touched;
  block.lent = 0;
  block.surplus = surplus;
}

namespace {

/// Where a huge page begins, at or before an offset of the block; the first one if none does.
std::size_t huge_page_before(const MappedBlock& block, std::size_t offset) noexcept {
  const auto start = reinterpret_cast<std::uintptr_t>(block.data);
  const std::size_t first = -start & (pages::kHugePage - 1);
  return offset < first ? first : first + ((offset - first) & ~(pages::kHugePage - 1));
}

}  // namespace

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

void touch_hole(MappedBlock& block, std::size_t begin, std::size_t end) noexcept {
  const std::size_t from = std::max(block.hole_begin, pages::round_down(begin));
  const std::size_t to = std::min(
      {block.hole_end, block.frozen, pages::round_up(std::min(end, begin + kTouchedAtOnce))});
  if (from >= to) return;
  pages::populate(block.data + from, to - from, block.huge_pages);
  block.hole_begin = to;
}

std::size_t mapping_size(std::size_t capacity) noexcept {
  return pages::round_up(std::max<std::size_t>(capacity, 1));
}

std::size_t grown_size(std::size_t capacity) noexcept {
  const std::size_t unit = capacity < 2 * pages::kHugePage ? pages::page_size() : pages::kHugePage;
  return (capacity + unit - 1) & ~(unit - 1);
}

bool take_mappings(MappedBlock& block, std::size_t count) noexcept {
  if (!pages::take_mappings(count)) return false;
  block.mappings += count;
  return true;
}

bool settle_mappings(MappedBlock& block) noexcept {
  if (block.beneath) return true;
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

std::size_t copy_range(const MappedBlock& source, std::byte* target, std::size_t begin,
                       std::size_t end, Range hole) noexcept {
  const std::size_t before = std::min(end, std::max(begin, hole.offset));
  const std::size_t after = std::min(end, std::max(begin, hole.offset + hole.count));
  std::memcpy(target + begin, source.data + begin, before - begin);
  std::memcpy(target + after, source.data + after, end - after);
  return (before - begin) + (end - after);
}

bool make_writable(MappedBlock& block) noexcept {
  if (block.read_only && pages::make_writable(block.data, block.capacity) != 0) return false;
  block.read_only = false;
  return true;
}

// --- into the file -------------------------------------------------------------------------------

namespace {

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

/// Lets go of the file beneath when nothing of it is left.
void settle_beneath(MappedBlock& block) noexcept {
  if (std::min(block.beneath_end, block.capacity) <= block.frozen) block.beneath = MemoryFileRef();
}

/// A file that a block leaves, and where its bytes are in it.
struct LeftFile {
  MemoryFileRef file;
  Extents extents{};
  std::size_t extent_count = 0;
};

/// As freeze(), and gives back what `left` has of it.
std::size_t freeze_from(MappedBlock& block, std::size_t end, pages::Access access,
                        const LeftFile& left) noexcept {
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
    if (left.file) give_back(*left.file.get(), left.extents, left.extent_count, at, at + size);
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

}  // namespace

std::size_t freeze(MappedBlock& block, std::size_t end, pages::Access access) noexcept {
  const std::size_t moved = freeze_from(block, end, access, {});
  settle_beneath(block);
  return moved;
}

std::size_t move_to_file(MappedBlock& block, MemoryFileRef fresh, std::size_t end,
                         pages::Access access) noexcept {
  const LeftFile left{std::move(block.file), block.extents, block.extent_count};
  forget_file(block);
  block.file = std::move(fresh);
  const std::size_t moved = freeze_from(block, end, access, left);
  if (left.file) {
    left.file->retire();
    keep_beneath(block, left.file, left.extents, left.extent_count);
  }
  return moved;
}

void keep_beneath(MappedBlock& block, const MemoryFileRef& file, const Extents& extents,
                  std::size_t count) noexcept {
  if (count == 0) return;
  block.beneath = file;
  block.beneath_end = extents[count - 1].begin + extents[count - 1].size;
  settle_beneath(block);
}

void give_back(MemoryFile& file, const Extents& extents, std::size_t count, std::size_t begin,
               std::size_t end) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const Extent& extent = extents[i];
    const std::size_t first = std::max(begin, extent.begin);
    const std::size_t last = std::min(end, extent.begin + extent.size);
    if (first < last) file.give_back(extent.offset + (first - extent.begin), last - first);
  }
}

void cut(MappedBlock& block, std::size_t capacity) noexcept {
  pages::unmap(block.data + capacity, block.capacity - capacity);
  // From the end on, so that a file becomes shorter again.
  for (Extent* last = block.last_extent(); last != nullptr; last = block.last_extent()) {
    const std::size_t kept = std::min(last->size, capacity - std::min(capacity, last->begin));
    if (kept != last->size) block.file->give_back(last->offset + kept, last->size - kept);
    last->size = kept;
    if (kept != 0) break;
    --block.extent_count;
  }
  block.capacity = capacity;
  block.touched = std::min(block.touched, capacity);
  block.lent = std::min(block.lent, capacity);
  block.frozen = std::min(block.frozen, capacity);
  block.dirty.shrink(pages_of(block.frozen));
  settle_beneath(block);
  static_cast<void>(settle_mappings(block));
}

// --- into new memory -----------------------------------------------------------------------------

namespace {

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

}  // namespace

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

bool go_home(MappedBlock& block, std::size_t used, std::size_t capacity, Range hole,
             std::size_t* copied) noexcept {
  std::size_t surplus = 0;
  const Mapping home = new_mapping(capacity, used, &surplus);
  if (home.size == 0) return false;
  for (std::size_t at = 0; at < used; at += kMovedAtOnce) {
    const std::size_t end = std::min(at + kMovedAtOnce, used);
    const std::size_t size = pages::round_up(end - at);
    if (at + size > home.touched) pages::populate(home.data + at, size, block.huge_pages);
    *copied += copy_range(block, home.data, at, end, hole);
    temporary_file::forget_changes(block.data + at, size);
    give_back(*block.file.get(), block.extents, block.extent_count, at, at + size);
  }
  drop_mapping(block);
  forget_file(block);
  block.beneath = MemoryFileRef();
  set_mapping(block, home, surplus);
  block.touched = std::max(block.touched, used);
  block.read_only = false;
  static_cast<void>(settle_mappings(block));
  return true;
}

}  // namespace quire::detail
