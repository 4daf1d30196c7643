// What tests of the storage ask: which tier holds these bytes, and how much memory that takes.
//
// Lifetime: none. Thread: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <ostream>
#include <string>

#include "mapped_block.h"
#include "quire/bytes_io.h"
#include "quire/cached_memory.h"
#include "quire/detail/pages.h"
#include "quire/detail/process_memory.h"

namespace quire {

inline void PrintTo(StorageOptions::Tier tier, std::ostream* out) {
  switch (tier) {
    case StorageOptions::automatic:
      *out << "automatic";
      break;
    case StorageOptions::heap:
      *out << "heap";
      break;
    case StorageOptions::paged:
      *out << "paged";
      break;
  }
}

}  // namespace quire

namespace quire::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#  else
inline constexpr bool kSanitized = false;
#  endif
#else
inline constexpr bool kSanitized = false;
#endif

inline constexpr std::size_t kPage = 4096;
inline constexpr std::size_t kKib = 1024;
inline constexpr std::size_t kMib = kKib * kKib;

/// Bytes of which no two pages are alike.
inline std::string pattern(std::size_t size, std::uint64_t seed = 1) {
  std::string bytes(size, '\0');
  std::uint64_t state = seed * 0x9E3779B97F4A7C15;
  for (std::size_t at = 0; at < size; at += sizeof(state)) {
    state = state * 6364136223846793005 + 1442695040888963407;
    const std::uint64_t mixed = state ^ (state >> 29);
    std::memcpy(bytes.data() + at, &mixed, std::min(sizeof(mixed), size - at));
  }
  return bytes;
}

/// "heap", "mapped", "paged", "adopted".
inline std::string tier_of(const Bytes& bytes) {
  return detail::tier_of(*bytes.block());
}

/// The same of a stream's own block.
inline std::string tier_of(const BytesIO& stream) {
  return tier_of(stream.getvalue());
}

/// Whether a stream with these options shares pages, once it is large.
inline bool shares_pages(StorageOptions::Tier tier) {
  return tier != StorageOptions::heap && detail::pages::available();
}

/// A stream as it is once a write had to leave its bytes to others: the next one shares pages, however
/// few there are.
inline BytesIO left_before(BytesIO stream) {
  if (stream.block() != nullptr) detail::expect_leaving(*stream.block());
  return stream;
}

/// Bytes of private memory that the process has touched, and of memory files, the freed mappings
/// left out. 0 under the sanitizers, which touch memory of their own.
inline std::ptrdiff_t memory_in_use() {
  if (kSanitized) return 0;
  release_cached_memory();
  std::size_t touched = 0;
  std::ifstream smaps("/proc/self/smaps_rollup");
  for (std::string word; smaps >> word;) {
    if (word != "Anonymous:" && word != "Swap:") continue;
    std::size_t kib = 0;
    smaps >> kib;
    touched += kib * kKib;
  }
  return static_cast<std::ptrdiff_t>(touched + detail::read_process_memory().shared);
}

/// What a stream has copied for other reasons than that the caller wrote it.
inline std::uint64_t copied(const BytesIO& stream) {
  const Ledger ledger = stream.ledger();
  return ledger.copied_total() - ledger.copied_for(CopyReason::Caller);
}

}  // namespace quire::test
