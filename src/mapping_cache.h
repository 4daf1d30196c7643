// mapping_cache: the freed mappings that quire::cached_memory() tells of.
//
// Lifetime: a mapping belongs to the cache from give to take. Thread: any.
#pragma once

#include <cstddef>

namespace quire::detail {

/// Whole pages; the first `touched` bytes of them have been used.
struct Mapping {
  std::byte* data = nullptr;
  std::size_t size = 0;
  std::size_t touched = 0;
};

/// The smallest kept mapping of at least `least` bytes that is not far too large, with old content;
/// empty when there is none. What it has touched beyond `used` counts against the cache's limit until
/// give_surplus(), so that large mappings in small hands cannot add up.
[[nodiscard]] Mapping take_cached_mapping(std::size_t least, std::size_t used,
                                          std::size_t* surplus) noexcept;

/// Whether that would find one for `size` bytes in use, if nobody else took it in between.
[[nodiscard]] bool has_cached_mapping(std::size_t size) noexcept;

void give_surplus(std::size_t surplus) noexcept;

/// Keeps a mapping, or unmaps it.
void cache_or_unmap(const Mapping& mapping) noexcept;

}  // namespace quire::detail
