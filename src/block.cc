#include "quire/detail/block.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "quire/error.h"
#include "quire/ledger.h"

namespace quire::detail {

namespace {

// A whole number of malloc's alignments, so that the bytes are as aligned as malloc's own.
constexpr std::size_t kHeader = (sizeof(Block) + 15) / 16 * 16;

void destroy_heap(Block* block) noexcept {
  std::free(block);
}

Block* resize_heap(Block* block, std::size_t used, std::size_t capacity, Range,
                   std::size_t* copied) noexcept {
  if (capacity > kMaxSize) return nullptr;
  auto* const moved = static_cast<Block*>(std::realloc(block, kHeader + capacity));
  if (moved == nullptr) return nullptr;
  *copied = moved != block ? used : 0;
  moved->data = reinterpret_cast<std::byte*>(moved) + kHeader;
  moved->capacity = capacity;
  return moved;
}

constexpr BlockKind kHeapKind{"heap", destroy_heap, resize_heap};

struct LentBlock : Block {
  void (*deleter)(void* context) noexcept;
  void* context;
};

void destroy_lent(Block* block) noexcept {
  auto* const lent = static_cast<LentBlock*>(block);
  lent->deleter(lent->context);
  delete lent;
}

constexpr BlockKind kLentKind{"adopted", destroy_lent, refuse_resize};

}  // namespace

constinit std::atomic<void (*)(const void*) noexcept> memory_gone = nullptr;

Block* refuse_resize(Block*, std::size_t, std::size_t, Range, std::size_t*) noexcept {
  return nullptr;
}

BlockRef new_heap_block(std::size_t capacity) {
  if (capacity > kMaxSize) throw_too_large(capacity);
  void* const memory = std::malloc(kHeader + capacity);
  if (memory == nullptr) throw std::bad_alloc();
  auto* const bytes = static_cast<std::byte*>(memory) + kHeader;
  return BlockRef::adopt(new (memory) Block{bytes, capacity, &kHeapKind, 1, 0});
}

BlockRef new_adopted_block(std::byte* data, std::size_t size,
                           void (*deleter)(void* context) noexcept, void* context) {
  if (size > kMaxSize) throw_too_large(size);
  return BlockRef::adopt(new LentBlock{{data, size, &kLentKind, 1, 0}, deleter, context});
}

bool resize(BlockRef& block, std::size_t used, std::size_t capacity, std::size_t* copied,
            Range hole) noexcept {
  *copied = 0;
  Block* const resized = block->kind->resize(block.get(), used, capacity, hole, copied);
  if (resized == nullptr) return false;
  static_cast<void>(block.detach());
  block = BlockRef::adopt(resized);
  return true;
}

std::size_t grown_capacity(std::size_t capacity, std::size_t needed) noexcept {
  // With the header the first block fills a 256-byte malloc chunk: most small streams need no other.
  constexpr std::size_t kFirst = 256 - kHeader - 8;
  // Doubling while small saves calls; from 64 KiB on, a half more wastes less.
  const std::size_t more = capacity < 65536 ? capacity * 2 : capacity + capacity / 2;
  return std::max({needed, std::min(more, kMaxSize), kFirst});
}

std::size_t checked_multiply(std::size_t a, std::size_t b) {
  if (b != 0 && a > kMaxSize / b) throw_too_large(a > SIZE_MAX / b ? SIZE_MAX : a * b);
  return a * b;
}

}  // namespace quire::detail
