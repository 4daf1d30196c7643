#include "storage.h"

#include "mapped_block.h"

namespace quire::detail {

namespace {

// docs/benchmarks.md: below, the heap is no slower, and copying all no dearer than sharing pages.
constexpr std::size_t kMappedFrom = std::size_t{1} << 20;

}  // namespace

bool wants_mapping(std::size_t capacity, const StorageOptions& options) noexcept {
  switch (options.tier) {
    case StorageOptions::heap:
      return false;
    case StorageOptions::paged:
      return true;
    case StorageOptions::automatic:
      break;
  }
  return capacity >= kMappedFrom;
}

BlockRef new_stream_block(std::size_t capacity, const StorageOptions& options) {
  if (wants_mapping(capacity, options)) {
    const Paging paging =
        options.tier == StorageOptions::paged ? Paging::FromBirth : Paging::WhenShared;
    if (Block* const block = new_mapped_block(capacity, paging)) return BlockRef::adopt(block);
  }
  return new_heap_block(capacity);
}

}  // namespace quire::detail
