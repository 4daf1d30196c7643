// StorageOptions: how a stream keeps its bytes. An aggregate: name what you change.
//
//   BytesIO f(StorageOptions{.size_limit = 64 << 20});
//   BytesIO g(StorageOptions{.tier = StorageOptions::paged});
#pragma once

#include <cstddef>
#include <cstdint>

#include "quire/slice.h"

namespace quire {

struct StorageOptions {
  enum class Tier : std::uint8_t {
    /// Heap while small, then mappings that become paged when a write must leave bytes to a snapshot.
    automatic,
    /// Heap at any size: pages never move, and each write to shared bytes copies all of them. For
    /// memory that somebody else writes to, such as the kernel.
    heap,
    /// Paged from the first byte: not even the first write after a snapshot pays for all bytes.
    paged,
  };
  using enum Tier;

  Tier tier = automatic;

  /// Whether large streams ask the system for pages of 2 MiB where the data fills whole ones. Filling,
  /// sharing and reading them takes a fraction of the time.
  bool huge_pages = true;

  /// The most bytes the stream may hold; past it writes throw std::length_error. For input from
  /// strangers.
  std::size_t size_limit = npos;
};

}  // namespace quire
