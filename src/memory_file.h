// MemoryFile: a file in memory of which every byte is written once, and read through private
// mappings by all blocks that were made from it.
//
//   file       [ first bytes | appended by one block | by another | ... end
//   mappings     ^ a snapshot's   ^ a stream's: a write changes its own copy of the page
//
// Nothing that a mapping can show ever changes, so neither other blocks nor forked processes need to
// be asked before anything is written. Only when a single block is left, and no other process can have
// a mapping, is memory given back that this block no longer shows.
//
// Lifetime: the last block that lets go closes it; its pages stay until the last mapping is gone.
// Thread: any; the counts are atomic, the descriptor has a lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "quire/detail/pages.h"

namespace quire::detail {

class MemoryFile {
 public:
  /// An empty file with one owner; null when the system, or quire's budget, refuses one.
  [[nodiscard]] static MemoryFile* create() noexcept;

  void retain() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }

  void release() noexcept;

  /// One block is left.
  [[nodiscard]] bool unique() const noexcept {
    return owners_.load(std::memory_order_acquire) == 1;
  }

  /// Bytes that it holds or has set aside.
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  /// Bytes of memory that it takes as long as a page of it is mapped.
  [[nodiscard]] std::size_t memory() const noexcept;

  /// Whether it can still be mapped.
  [[nodiscard]] bool open() const noexcept {
    return descriptor_.load(std::memory_order_relaxed) >= 0;
  }

  /// Whether it can still be appended to: only by the process that made it, until it is sealed.
  [[nodiscard]] bool grows() const noexcept {
    return !on_disk_ && open() && !sealed_.load(std::memory_order_relaxed) &&
           generation_ == pages::process_generation();
  }

  /// Whether it is a SpillFile.
  [[nodiscard]] bool on_disk() const noexcept { return on_disk_; }

  /// Sets `size` bytes aside that nobody else will write, and returns where they are.
  [[nodiscard]] std::size_t set_aside(std::size_t size) noexcept {
    return size_.fetch_add(size, std::memory_order_relaxed);
  }

  /// Undoes setting `size` bytes aside, of which there is no mapping. False when somebody did so after it.
  bool take_back(std::size_t offset, std::size_t size) noexcept {
    std::size_t end = offset + size;
    return size_.compare_exchange_strong(end, offset, std::memory_order_relaxed);
  }

  /// Writes to bytes that were set aside and that no mapping shows; see pages::append().
  [[nodiscard]] int append(const std::byte* data, std::size_t size, std::size_t offset,
                           bool huge) noexcept;

  /// Frees the memory of a part that no mapping of the last block shows any more. Refused while anybody
  /// else may see it: another block, a process that was forked, whoever was given the file.
  void give_back(std::size_t offset, std::size_t size) noexcept;

  /// Maps a part of the file over bytes that somebody may be reading and that the file has there, too.
  /// When that fails the bytes are where they were.
  [[nodiscard]] int map_in_place(std::byte* data, std::size_t size, std::size_t offset,
                                 pages::Access access) noexcept;

  /// As pages::map_over().
  [[nodiscard]] int map_over(std::byte* data, std::size_t size, std::size_t offset,
                             pages::Access access, bool* torn) noexcept;

  /// Appends the last bytes, less than a page, and seals the file for good: nobody can change it any
  /// more, and it can still be mapped. `*reader` is a descriptor of it for reading. Refused unless
  /// `size` bytes are all it has: without `rest`, or with it when it is sealed already.
  [[nodiscard]] int seal(std::size_t size, const std::byte* rest, std::size_t rest_size,
                         int* reader) noexcept;

  /// Nobody will map or extend it any more. What is mapped stays.
  void retire() noexcept;

  /// Bytes that new mappings had to copy because they differed from this file.
  [[nodiscard]] std::size_t overlaid() const noexcept {
    return overlaid_.load(std::memory_order_relaxed);
  }

  void add_overlaid(std::size_t bytes) noexcept {
    overlaid_.fetch_add(bytes, std::memory_order_relaxed);
  }

 protected:
  MemoryFile(int descriptor, bool on_disk) noexcept;

  virtual ~MemoryFile();

  /// Whether a process may have been forked since it was made; that one, or this, has its mappings, too.
  [[nodiscard]] bool forked() const noexcept;

  [[nodiscard]] int descriptor() const noexcept {
    return descriptor_.load(std::memory_order_relaxed);
  }

 private:
  /// Whether it has these bytes there.
  [[nodiscard]] bool holds(const std::byte* data, std::size_t size,
                           std::size_t offset) const noexcept;

  std::atomic<std::size_t> owners_ = 1;
  std::atomic<std::size_t> size_ = 0;
  std::atomic<std::size_t> overlaid_ = 0;
  std::atomic<std::size_t> given_back_ = 0;  // of its size
  std::atomic<int> descriptor_;
  std::atomic<bool> sealed_ = false;
  const bool on_disk_;
  const std::uint64_t generation_ = pages::process_generation();
  const std::uint64_t forks_;
};

/// The bytes of a block are gone because the system unmapped them and did not map others.
[[noreturn]] void end_without_bytes() noexcept;

/// A block's share in a MemoryFile, or none.
class MemoryFileRef {
 public:
  MemoryFileRef() noexcept = default;

  static MemoryFileRef create() noexcept { return MemoryFileRef(MemoryFile::create()); }

  /// Takes over one ownership that the caller has.
  static MemoryFileRef adopt(MemoryFile* file) noexcept { return MemoryFileRef(file); }

  MemoryFileRef(const MemoryFileRef& other) noexcept : file_(other.file_) {
    if (file_ != nullptr) file_->retain();
  }

  MemoryFileRef(MemoryFileRef&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}

  MemoryFileRef& operator=(MemoryFileRef other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }

  ~MemoryFileRef() {
    if (file_ != nullptr) file_->release();
  }

  MemoryFile* operator->() const noexcept { return file_; }

  [[nodiscard]] MemoryFile* get() const noexcept { return file_; }

  explicit operator bool() const noexcept { return file_ != nullptr; }

 private:
  explicit MemoryFileRef(MemoryFile* file) noexcept : file_(file) {}

  MemoryFile* file_ = nullptr;
};

}  // namespace quire::detail
