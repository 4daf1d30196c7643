#include "storage.h"

#include "mapped_block.h"

namespace quire::detail {

BlockRef new_stream_block(std::size_t capacity, const StorageOptions& options) {
  if (wants_mapping(capacity, options)) {
    const Paging paging =
        options.tier == StorageOptions::paged ? Paging::FromBirth : Paging::WhenShared;
    if (Block* const block = new_mapped_block(capacity, paging, options.huge_pages))
      return BlockRef::adopt(block);
  }
  return new_heap_block(capacity);
}

}  // namespace quire::detail
