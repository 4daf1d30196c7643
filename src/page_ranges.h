// page_ranges: sums in pages, for the blocks that are made of them.
//
// Lifetime: none. Thread: any.
#pragma once

#include <algorithm>
#include <cstddef>

#include "dirty_pages.h"
#include "quire/detail/pages.h"
#include "quire/slice.h"

namespace quire::detail {

/// Bytes that are in memory twice while a block moves into a file.
inline constexpr std::size_t kMovedAtOnce = std::size_t{2} << 20;

/// Whole pages in `bytes`.
[[nodiscard]] inline std::size_t pages_of(std::size_t bytes) noexcept {
  return bytes / pages::page_size();
}

/// Pages that `bytes` reach into.
[[nodiscard]] inline std::size_t pages_up(std::size_t bytes) noexcept {
  return pages_of(pages::round_up(bytes));
}

/// How many bytes of `part` lie below `end`.
[[nodiscard]] inline std::size_t overlap(std::size_t end, Range part) noexcept {
  return std::min(end, part.offset + part.count) - std::min(end, part.offset);
}

/// Sets those of the first `count` pages from `data` in `dirty` that are the mapping's own and not its
/// file's. Returns 0 or an error number.
[[nodiscard]] int add_own_pages(const std::byte* data, std::size_t count,
                                DirtyPages& dirty) noexcept;

}  // namespace quire::detail
