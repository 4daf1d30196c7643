// Block: one contiguous piece of memory with its owners counted, whatever it is made of.
//
//      owners = 3, exports = 1
//   +---------------------------+------------------------------------+
//   | Block: data capacity kind | bytes a handle may see | free      |
//   +---------------------------+------------------------------------+
//                                 ^ Bytes   ^ Bytes   ^ a live view
//
// An owner is anything that keeps the block: a stream, a ByteArray, a Bytes, a view. An export is an
// owner that sees writes as they happen (a live view): while there is one the block must not move.
// Who shares a block never sees its bytes change: that is the business of the streams (the frozen
// mark in bytes_io.h); a block itself only counts.
//
// Lifetime: the last owner to let go destroys it. Thread: the counts are atomic; the rest belongs
// to the one owner that may write.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "quire/detail/export.h"
#include "quire/error.h"
#include "quire/slice.h"

namespace quire::detail {

struct Block;
class LentRoom;  // what a stream lets work on its block: lent_room.h

/// Where a stream may write without asking the block again. Empty: nowhere, copy.
struct WriteWindow {
  std::size_t begin;
  std::size_t end;
};

/// Memory that several blocks may have parts of. It lives as a whole while one of them does.
struct SharedMemory {
  const void* name = nullptr;  // the same for all of them; null: there is none
  std::size_t size = 0;
};

/// Bytes of memory that a block takes.
struct MemoryUse {
  std::size_t own = 0;
  std::array<SharedMemory, 2> files{};

  [[nodiscard]] std::size_t total() const noexcept { return own + files[0].size + files[1].size; }
};

/// What a kind of memory can do.
struct BlockKind {
  /// As reports print it: "heap", "adopted", ...
  const char* name;
  /// Frees the memory and the Block itself.
  void (*destroy)(Block* block) noexcept;
  /// Gives a block that the caller owns alone (one owner, no export) room for `capacity` bytes, and
  /// keeps the first `used`, but need not keep those in `hole`, which are about to be overwritten. The
  /// block may move: the result replaces it, and `*copied` says how many bytes that took. Returns
  /// null, with the block as it was, when this kind cannot or memory is short: the caller then copies.
  Block* (*resize)(Block* block, std::size_t used, std::size_t capacity, Range hole,
                   std::size_t* copied) noexcept;

  // The rest is null for kinds that can only be copied as a whole.

  /// A block of the caller's own, with the same first `used` bytes but for those in `hole`, which
  /// are about to be overwritten. The two share what they can. `*copied` as in resize. Null: copy.
  Block* (*branch)(Block* block, std::size_t used, std::size_t capacity, Range hole,
                   std::size_t* copied) noexcept = nullptr;
  /// Asked before bytes in [begin, end), which nobody else sees, are written: in a block that the
  /// caller owns `alone`, or at the end of one whose tail is the caller's. Empty for the one that owns
  /// it alone: ask again after a resize(), which gives back what the block has twice.
  /// REQUIRES: no export lives, and no window from before the last one is used again
  WriteWindow (*window)(Block* block, std::size_t begin, std::size_t end,
                        bool alone) noexcept = nullptr;
  /// Asked before a writable view of a block is handed out that the caller owns alone. False: copy.
  bool (*expose)(Block* block) noexcept = nullptr;

  /// What memory a block takes. Null: all of its capacity.
  MemoryUse (*memory)(Block* block) noexcept = nullptr;
};

/// Trivially copyable, so that a heap block can be moved by realloc, header and all; that is why the
/// counts are plain numbers reached through std::atomic_ref.
struct Block {
  std::byte* data;
  std::size_t capacity;
  const BlockKind* kind;
  std::uint64_t owners;
  std::uint64_t exports;

  void retain() noexcept { std::atomic_ref(owners).fetch_add(1, std::memory_order_relaxed); }

  /// Lets go of one ownership. The releasing decrement pairs with the acquire in `unique`: what the
  /// last other owner read, it read before the one that remains writes.
  void release() noexcept {
    if (std::atomic_ref(owners).fetch_sub(1, std::memory_order_acq_rel) == 1) kind->destroy(this);
  }

  /// Only one owner is left: the caller, who may then change any byte.
  [[nodiscard]] bool unique() noexcept { return owner_count() == 1; }

  [[nodiscard]] std::uint64_t owner_count() noexcept {
    return std::atomic_ref(owners).load(std::memory_order_acquire);
  }

  /// Bytes of memory that it takes: pages that were never touched are none.
  [[nodiscard]] std::size_t memory() noexcept {
    return kind->memory != nullptr ? kind->memory(this).total() : capacity;
  }

  void add_export() noexcept { std::atomic_ref(exports).fetch_add(1, std::memory_order_relaxed); }

  void remove_export() noexcept {
    std::atomic_ref(exports).fetch_sub(1, std::memory_order_release);
  }

  [[nodiscard]] std::uint64_t export_count() noexcept {
    return std::atomic_ref(exports).load(std::memory_order_acquire);
  }
};

/// A share in a Block; null is "no block": empty, static or borrowed memory.
class BlockRef {
 public:
  BlockRef() noexcept = default;

  /// Takes over one ownership that the caller has.
  static BlockRef adopt(Block* block) noexcept { return BlockRef(block); }

  /// Adds an ownership; `block` may be null.
  static BlockRef share(Block* block) noexcept {
    if (block != nullptr) block->retain();
    return BlockRef(block);
  }

  BlockRef(const BlockRef& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->retain();
  }

  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}

  BlockRef& operator=(const BlockRef& other) noexcept {
    BlockRef(other).swap(*this);
    return *this;
  }

  BlockRef& operator=(BlockRef&& other) noexcept {
    BlockRef(std::move(other)).swap(*this);
    return *this;
  }

  ~BlockRef() {
    if (block_ != nullptr) block_->release();
  }

  void swap(BlockRef& other) noexcept { std::swap(block_, other.block_); }

  [[nodiscard]] Block* get() const noexcept { return block_; }

  Block* operator->() const noexcept { return block_; }

  explicit operator bool() const noexcept { return block_ != nullptr; }

  /// Gives the ownership to the caller.
  [[nodiscard]] Block* detach() noexcept { return std::exchange(block_, nullptr); }

 private:
  explicit BlockRef(Block* block) noexcept : block_(block) {}

  Block* block_ = nullptr;
};

/// Told of each block that has a `memory`, and of each file that one has parts of, before it goes: for who
/// keeps account of memory. It may be called on any thread, while locks are held. Null: nobody does.
QUIRE_API extern std::atomic<void (*)(const void* gone) noexcept> memory_gone;

inline void tell_memory_gone(const void* gone) noexcept {
  if (const auto told = memory_gone.load(std::memory_order_relaxed)) told(gone);
}

/// The most bytes any object here may hold: offsets are signed, as in Python.
inline constexpr std::size_t kMaxSize = static_cast<std::size_t>(PTRDIFF_MAX) - 4096;

/// A heap block with room for at least `capacity` bytes, one owner, content not set.
/// Cost:   one allocation, header and bytes together.
/// Errors: std::bad_alloc, std::length_error past kMaxSize.
[[nodiscard]] QUIRE_API BlockRef new_heap_block(std::size_t capacity);

/// A block over memory that `deleter(context)` frees when the last owner goes.
/// Errors: std::bad_alloc; the memory is then still the caller's.
[[nodiscard]] QUIRE_API BlockRef new_adopted_block(std::byte* data, std::size_t size,
                                                   void (*deleter)(void* context) noexcept,
                                                   void* context);

/// For kinds whose memory has the size it has.
QUIRE_API Block* refuse_resize(Block* block, std::size_t used, std::size_t capacity, Range hole,
                               std::size_t* copied) noexcept;

/// A block that keeps the object whose memory it is.
template <class Container>
struct ContainerBlock : Block {
  Container container;

  static void destroy(Block* block) noexcept {
    tell_memory_gone(block);
    delete static_cast<ContainerBlock*>(block);
  }

  /// It may have room that its items do not need.
  static MemoryUse memory(Block* block) noexcept {
    const Container& container = static_cast<ContainerBlock*>(block)->container;
    if constexpr (requires { container.capacity(); }) {
      return {container.capacity() * sizeof(typename Container::value_type)};
    }
    return {block->capacity};
  }

  static constexpr BlockKind kKind{"adopted", destroy, refuse_resize, nullptr,
                                   nullptr,   nullptr, memory};
};

/// What adopt_container can take over: handed over by std::move, of items that are their bytes.
template <class T>
concept AdoptableContainer =
    !std::is_reference_v<T> && std::is_trivially_copyable_v<typename T::value_type>;

/// Takes over an object that owns contiguous items (a string, a vector).
/// Errors: std::bad_alloc; the object is then unchanged.
template <AdoptableContainer Container>
[[nodiscard]] BlockRef adopt_container(Container&& container) {
  auto* block = new ContainerBlock<Container>{Block{}, std::forward<Container>(container)};
  const std::size_t size = block->container.size() * sizeof(typename Container::value_type);
  static_cast<Block&>(*block) = Block{reinterpret_cast<std::byte*>(block->container.data()), size,
                                      &ContainerBlock<Container>::kKind, 1, 0};
  return BlockRef::adopt(block);
}

/// Gives a block that the caller owns alone another capacity and keeps the first `used` bytes. False,
/// with the block as it was, when its kind cannot or memory is short: then copy. `*copied` says how
/// many bytes had to move, perhaps in vain, which the caller counts. `hole` as in BlockKind.
[[nodiscard]] QUIRE_API bool resize(BlockRef& block, std::size_t used, std::size_t capacity,
                                    std::size_t* copied, Range hole = {}) noexcept;

/// Capacity to ask for so that a series of appends stays linear: at least `needed`, and half as much
/// again as `capacity`.
[[nodiscard]] QUIRE_API std::size_t grown_capacity(std::size_t capacity,
                                                   std::size_t needed) noexcept;

/// `a + b`, or std::length_error past kMaxSize.
[[nodiscard]] inline std::size_t checked_add(std::size_t a, std::size_t b) {
  if (b > kMaxSize || a > kMaxSize - b) [[unlikely]] {
    throw_too_large(a > SIZE_MAX - b ? SIZE_MAX : a + b);
  }
  return a + b;
}

/// `a * b`, or std::length_error past kMaxSize.
[[nodiscard]] QUIRE_API std::size_t checked_multiply(std::size_t a, std::size_t b);

}  // namespace quire::detail
