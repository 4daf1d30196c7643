// mapping_cache: the freed mappings that quire::cached_memory() tells of.
//
// Lifetime: a mapping belongs to the cache from give to take. Thread: any.
#pragma once

#include <cstddef>

#include "quire/byte_span.h"

namespace quire::detail {

/// The smallest kept mapping of at least `least` and at most `most` bytes, with old content; empty
/// when there is none.
[[nodiscard]] MutableByteSpan take_cached_mapping(std::size_t least, std::size_t most) noexcept;

/// Keeps a mapping, or unmaps it.
void cache_or_unmap(MutableByteSpan mapping) noexcept;

}  // namespace quire::detail
