// cached_memory: freed memory of large streams that the process keeps for the next ones, because
// getting pages from the system anew costs more than filling them.
//
// Lifetime: the process. Thread: any.
#pragma once

#include <cstddef>

#include "quire/detail/export.h"

namespace quire {

/// Bytes kept for reuse right now.
[[nodiscard]] QUIRE_API std::size_t cached_memory() noexcept;

/// Gives all of it back to the system. Returns how many bytes that was.
QUIRE_API std::size_t release_cached_memory() noexcept;

/// Keeps at most `bytes` from now on; 32 MiB if never called, 0 keeps nothing.
QUIRE_API void limit_cached_memory(std::size_t bytes) noexcept;

}  // namespace quire
