// MappedBlock: a block of whole pages. Its bytes are anonymous memory (the "mapped" tier) until
// somebody wants to write to bytes that others see; then they move into a MemoryFile, page by page
// at the addresses that they have, and every block over that file pays only for the pages in which
// it differs (the "paged" tier).
//
//   0             frozen                                     capacity
//   +--------------+------------------------------------------+
//   | from a file, | the tail: anonymous memory               |
//   | or dirty     |                                          |
//   +--------------+------------------------------------------+
//
// Lifetime: as Block. Thread: as Block; what may be done by an owner that is not alone takes the
// block's lock.
#pragma once

#include <cstddef>

#include "memory_file.h"
#include "quire/detail/block.h"

namespace quire::detail {

enum class Paging {
  WhenShared,  ///< anonymous until a write must leave bytes to others
  FromBirth,   ///< into a file as it grows, so that not even the first such write pays for all
};

/// A new block of whole pages with one owner, which asks for huge ones or not; null when the system
/// refuses. Content not set.
[[nodiscard]] Block* new_mapped_block(std::size_t capacity, Paging paging,
                                      bool huge_pages) noexcept;

/// Lets a mapped block that is shared have its first `used` bytes, which nobody changes, from a file
/// that has them as well, at the same offsets. Its handles go on seeing them where they are. Nothing
/// is done to other blocks, nor where the system refuses.
void rebase(Block& block, std::size_t used, const MemoryFileRef& file) noexcept;

/// Said when a write must leave the bytes of a block to others: whether that happens for the first time.
/// False for blocks that share pages already, or were made to.
[[nodiscard]] bool is_left_first(Block& block) noexcept;

/// The bytes of a block come from one that a write had to leave: it will not be the first time.
/// REQUIRES: the caller owns the block alone
void expect_leaving(Block& block) noexcept;

/// A block's memory goes back to the system when its last owner goes, not to the cache. For whoever leaves
/// it, so that memory is free.
void keep_nothing_of(Block& block) noexcept;

/// Gives out the file that the first `size` bytes of a block come from, when it has those and no
/// others: `*reader` is a descriptor of it for reading, and it is sealed, so that nobody can change it
/// any more. What is missing at its end is moved into it, which `*copied` counts: the caller's window
/// must not reach below `size`, nor a writable view be alive. False: copy.
[[nodiscard]] bool give_file(Block& block, std::size_t size, std::size_t* copied,
                             int* reader) noexcept;

/// "mapped" or "paged".
[[nodiscard]] const char* tier_of(Block& block) noexcept;

}  // namespace quire::detail
