// storage: which kind of block a stream gets.
//
// Lifetime: none. Thread: any.
#pragma once

#include <cstddef>

#include "mapping_cache.h"
#include "quire/detail/block.h"
#include "quire/storage_options.h"

namespace quire::detail {

/// docs/benchmarks.md: below, the heap is no slower than a new mapping.
inline constexpr std::size_t kMappedFrom = std::size_t{128} << 10;

/// docs/benchmarks.md: from here on a kept mapping does: a stream that grows need not be copied out of
/// the heap later.
inline constexpr std::size_t kKeptFrom = std::size_t{16} << 10;

/// docs/benchmarks.md: below, copying all is no dearer than sharing pages.
inline constexpr std::size_t kSharedFrom = std::size_t{1} << 20;

/// docs/benchmarks.md: up to here a block is copied by the first write that has to leave it to others.
/// Moving its bytes into a file takes up to three times as long, and pays when it comes to that again.
inline constexpr std::size_t kCopiedOnce = std::size_t{8} << 20;

/// docs/benchmarks.md: a shared block with fewer bytes is copied when it grows. That is as linear as
/// growing alone, and through a file it takes three times as long.
inline constexpr std::size_t kGrowsSharedFrom = std::size_t{8} << 20;

/// Whether a block of that capacity is to be whole pages rather than a piece of the heap.
[[nodiscard]] inline bool wants_mapping(std::size_t capacity,
                                        const StorageOptions& options) noexcept {
  if (options.tier == StorageOptions::automatic) {
    return capacity >= kKeptFrom && (capacity >= kMappedFrom || has_cached_mapping(capacity));
  }
  return options.tier == StorageOptions::paged;
}

/// Whether a stream of that many bytes should leave them to others by sharing their pages, when it
/// writes to them or, `grows`, has no room left behind them.
[[nodiscard]] inline bool wants_sharing(std::size_t size, bool grows,
                                        const StorageOptions& options) noexcept {
  return size >= (grows ? kGrowsSharedFrom : kSharedFrom) || options.tier == StorageOptions::paged;
}

/// A block with one owner, content not set: whole pages when it should be and the system lets it.
/// Errors: std::bad_alloc, std::length_error past kMaxSize.
[[nodiscard]] BlockRef new_stream_block(std::size_t capacity, const StorageOptions& options);

}  // namespace quire::detail
