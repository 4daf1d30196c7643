// SpillBlock: a block whose bytes are in a SpillFile, at the offsets that they have in the block. It
// maps the file privately: what is written stays in memory until there is so much of it that it goes
// back into the file, or, where another block or process may see that, into a new one.
//
// Lifetime: as Block. Thread: as Block; what may be done by an owner that is not alone takes the
// block's lock.
#pragma once

#include <cstddef>
#include <memory>

#include "quire/detail/block.h"
#include "spill_file.h"

namespace quire::detail {

/// A block over a new file with `size` bytes in it, and room for `capacity`.
/// Errors: std::system_error that names the directory.
[[nodiscard]] BlockRef new_spill_block(const std::shared_ptr<const SpillPlace>& place,
                                       const std::byte* data, std::size_t size,
                                       std::size_t capacity);

/// Whether a block has its bytes on a disk; null has none.
[[nodiscard]] bool is_spilled(const Block* block) noexcept;

/// Where a spilled block's files are.
[[nodiscard]] std::shared_ptr<const SpillPlace> spill_place_of(Block& block) noexcept;

/// The file of a spilled block that the caller owns alone: whoever leaves a shared one may change it.
[[nodiscard]] SpillFile& spill_file_of(Block& block) noexcept;

/// Makes sure that a part of a block, which the caller may write, has room on the disk, and that so
/// many changes can go back into the file: into a new one where they must not into its own. No window
/// is open, and no view alive.
[[nodiscard]] int prepare_spill(Block& block, Range range) noexcept;

/// Makes a second file of the first `size` bytes, without taking them through memory, that nobody
/// changes. `*reader` is a descriptor of it for reading.
[[nodiscard]] int copy_spill(Block& block, std::size_t size, int* reader) noexcept;

}  // namespace quire::detail
