// storage: which kind of block a stream gets.
//
// Lifetime: none. Thread: any.
#pragma once

#include <cstddef>

#include "quire/detail/block.h"
#include "quire/storage_options.h"

namespace quire::detail {

/// docs/benchmarks.md: below, the heap is no slower.
inline constexpr std::size_t kMappedFrom = std::size_t{128} << 10;

/// docs/benchmarks.md: below, copying all is no dearer than sharing pages.
inline constexpr std::size_t kSharedFrom = std::size_t{1} << 20;

/// Whether a block of that capacity is to be whole pages rather than a piece of the heap.
[[nodiscard]] inline bool wants_mapping(std::size_t capacity,
                                        const StorageOptions& options) noexcept {
  if (options.tier == StorageOptions::automatic) return capacity >= kMappedFrom;
  return options.tier == StorageOptions::paged;
}

/// Whether a write should leave that many bytes to others by sharing their pages.
[[nodiscard]] inline bool wants_sharing(std::size_t size, const StorageOptions& options) noexcept {
  return size >= kSharedFrom || options.tier == StorageOptions::paged;
}

/// A block with one owner, content not set: whole pages when it should be and the system lets it.
/// Errors: std::bad_alloc, std::length_error past kMaxSize.
[[nodiscard]] BlockRef new_stream_block(std::size_t capacity, const StorageOptions& options);

}  // namespace quire::detail
