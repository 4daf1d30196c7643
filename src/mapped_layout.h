// mapped_layout: what a MappedBlock is made of, and how its pages change places: into a file, and from
// there into new memory.
//
// Lifetime: as MappedBlock. Thread: as what calls it, in mapped_block.cc.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "dirty_pages.h"
#include "mapped_block.h"
#include "mapping_cache.h"
#include "memory_file.h"
#include "quire/detail/block.h"
#include "quire/detail/pages.h"

namespace quire::detail {

/// Whole pages of a block that come from its file.
struct Extent {
  std::size_t begin;
  std::size_t offset;  // in the file
  std::size_t size;
};

using Extents = std::array<Extent, 8>;

struct MappedBlock : Block {
  MappedBlock(const BlockKind* kind, const Mapping& mapping, std::size_t surplus, Paging paged,
              bool huge) noexcept;

  const Paging paging;
  const bool huge_pages;
  std::size_t touched;   // up to where pages are known to be there
  std::size_t lent = 0;  // up to where the tail may have been written to, which makes pages as well
  std::size_t surplus;   // of what the cache lent
  MemoryFileRef file;
  MemoryFileRef beneath;  // the file before, as long as the tail has pages of it
  std::size_t beneath_end = 0;
  std::size_t frozen = 0;  // each page below is in an extent or dirty
  Extents extents{};
  std::size_t extent_count = 0;
  DirtyPages dirty;
  bool dirty_known = true;   // false once a writable view was handed out, until it is asked
  std::size_t unasked = 0;   // lent below the frozen end meanwhile
  bool left_before = false;  // by a write, its bytes or those that it was copied from
  bool read_only = false;    // parts of it, as others only read them
  std::atomic<bool> reusable = true;  // its memory, by the next block
  std::size_t mappings = 1;           // taken from the budget
  std::size_t inserted = 0;           // of these, for new pages in the middle of the file's
  std::size_t inserted_end = 0;
  std::size_t hole_begin = 0;  // below the frozen end: new memory that is about to be written
  std::size_t hole_end = 0;

  [[nodiscard]] Extent* last_extent() noexcept {
    return extent_count == 0 ? nullptr : &extents[extent_count - 1];
  }
};

[[nodiscard]] inline MappedBlock& mapped(Block* block) noexcept {
  return *static_cast<MappedBlock*>(block);
}

// --- mappings ------------------------------------------------------------------------------------

/// A kept mapping or a new one; empty when the system refuses. `*surplus` is for give_surplus().
[[nodiscard]] Mapping new_mapping(std::size_t size, std::size_t used,
                                  std::size_t* surplus) noexcept;

/// Gives the memory of a block back, or to the cache.
void drop_mapping(MappedBlock& block) noexcept;

/// Makes a mapping the memory of a block that has none.
void set_mapping(MappedBlock& block, const Mapping& mapping, std::size_t surplus) noexcept;

/// Gets the pages of [begin, end) before they are written to one by one: a fault for each costs more
/// than the copying. Goes ahead as far as memory at rest may be more than the data, and stops where
/// a huge page may begin the next time. Of many it gets the first, and is to be asked again.
void touch(MappedBlock& block, std::size_t begin, std::size_t end) noexcept;

/// The same for the hole of a block.
void touch_hole(MappedBlock& block, std::size_t begin, std::size_t end) noexcept;

/// Bytes to map for a block of that capacity.
[[nodiscard]] std::size_t mapping_size(std::size_t capacity) noexcept;

/// The same for a block that grows: in whole huge pages where these matter, for then mappings begin
/// with one. It will hardly stay at the size that it asks for.
[[nodiscard]] std::size_t grown_size(std::size_t capacity) noexcept;

/// Takes `count` more of the budget; false when it may not.
[[nodiscard]] bool take_mappings(MappedBlock& block, std::size_t count) noexcept;

/// Has taken as many mappings as the block is made of, no more and no less; false when it may not. With
/// a file beneath nothing is done: its pages are mappings, too.
[[nodiscard]] bool settle_mappings(MappedBlock& block) noexcept;

/// All is the tail from now on.
void forget_file(MappedBlock& block) noexcept;

/// Copies the bytes [begin, end) of a block to the same place elsewhere, but for those in `hole`. Returns
/// how many.
std::size_t copy_range(const MappedBlock& source, std::byte* target, std::size_t begin,
                       std::size_t end, Range hole) noexcept;

/// Lets all of a block be written to, parts of which may be read only. False when the system refuses.
[[nodiscard]] bool make_writable(MappedBlock& block) noexcept;

// --- into the file -------------------------------------------------------------------------------

/// Moves the tail up to `end`, whole pages, into the file: a chunk is written, then mapped over
/// itself, so that neither the addresses nor the bytes change for those who are reading them. Stops where
/// it fails; what is done is done. Returns the bytes that were moved.
std::size_t freeze(MappedBlock& block, std::size_t end, pages::Access access) noexcept;

/// The same into `fresh`, which has nothing of the block yet, in place of the file that the block has, if
/// any: what a chunk had there is given back. REQUIRES: no file is beneath
std::size_t move_to_file(MappedBlock& block, MemoryFileRef fresh, std::size_t end,
                         pages::Access access) noexcept;

/// For a block that has left `file`: its pages in `extents` that are in the tail now keep it.
void keep_beneath(MappedBlock& block, const MemoryFileRef& file, const Extents& extents,
                  std::size_t count) noexcept;

/// Gives back what a file has of [begin, end), which a block no longer shows from there.
void give_back(MemoryFile& file, const Extents& extents, std::size_t count, std::size_t begin,
               std::size_t end) noexcept;

/// Gives the pages behind `capacity` back. The rest stays where it is, shared with those who share it.
void cut(MappedBlock& block, std::size_t capacity) noexcept;

// --- into new memory -----------------------------------------------------------------------------

/// Before [begin, end) below the frozen end is written: new memory for the huge pages of which that is
/// the larger part. Otherwise each page would be copied, one by one, by a page fault.
void replace_units(MappedBlock& block, std::size_t begin, std::size_t end) noexcept;

/// Moves a block that the caller owns alone to anonymous memory, but for the bytes in `hole`. It goes by
/// chunks: of each, what the block had is given back before the next is copied. False, and nothing
/// done, when the system refuses. REQUIRES: no other block has a share in the file
[[nodiscard]] bool go_home(MappedBlock& block, std::size_t used, std::size_t capacity, Range hole,
                           std::size_t* copied) noexcept;

}  // namespace quire::detail
