// pages: what the storage asks of the operating system's memory. src/platform has two back ends:
// pages_linux.cc, and pages_copy.cc, which refuses everything, so that all blocks stay on the heap
// and every unshared write copies.
//
// Functions that return an int return 0, or an error number as in <cerrno> and have then done
// nothing, unless it says otherwise. Sizes and addresses are whole pages.
//
// Lifetime: mappings and descriptors are the caller's to give back. Thread: any, for different
// ranges; the budget and the fault hook are shared by all.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quire/detail/export.h"

namespace quire::detail::pages {

/// The system calls that may be refused.
enum class Call {
  MemoryFile,   ///< memfd_create
  Seal,         ///< F_ADD_SEALS on a new memory file
  Append,       ///< pwrite to a memory file
  ReadBack,     ///< pread
  GiveBack,     ///< fallocate, to punch a hole into a memory file
  Collapse,     ///< mmap of a part of a memory file that is to be one huge page, where nothing was
  Map,          ///< mmap where nothing was
  Unmap,        ///< munmap
  MapOver,      ///< mmap over a mapping; refused before it does anything
  MapOverTorn,  ///< the same, refused after it has unmapped what was there (older kernels)
  Resize,       ///< mremap
  Protect,      ///< mprotect
  Advise,       ///< madvise
  ReadPagemap,  ///< open of /proc/self/pagemap
};

inline constexpr int kCalls = 14;

/// Asked before each of these calls: 0 lets it through, an error number makes it fail.
using FaultHook = int (*)(Call call) noexcept;

/// For tests. Null, as at the start, refuses nothing.
QUIRE_API void set_fault_hook(FaultHook hook) noexcept;

/// False for pages_copy.cc, and when the environment variable QUIRE_PAGES is "copy".
[[nodiscard]] QUIRE_API bool available() noexcept;

/// Bytes in what the system may map as one large page. Elsewhere it is only a round number.
inline constexpr std::size_t kHugePage = std::size_t{2} << 20;

/// Bytes in a page: a power of two.
[[nodiscard]] QUIRE_API std::size_t page_size() noexcept;

[[nodiscard]] inline std::size_t round_down(std::size_t size) noexcept {
  return size & ~(page_size() - 1);
}

[[nodiscard]] inline std::size_t round_up(std::size_t size) noexcept {
  return round_down(size + page_size() - 1);
}

// --- mappings ------------------------------------------------------------------------------------

enum class Access { Read, ReadWrite };

/// Maps new memory, zeroed when it is touched.
[[nodiscard]] int map(std::size_t size, std::byte** data) noexcept;

/// Where the system refuses, it gives the memory back and keeps the addresses.
void unmap(std::byte* data, std::size_t size) noexcept;

/// Grows or cuts a mapping that map() here or in temporary_file made; it may move.
[[nodiscard]] int resize(std::byte** data, std::size_t size, std::size_t new_size) noexcept;

/// Maps a part of a memory file over what is at `data`: writes change this mapping only. When it
/// fails, `*torn` says that `data` is no longer mapped.
[[nodiscard]] int map_over(std::byte* data, std::size_t size, int file, std::size_t offset,
                           Access access, bool* torn) noexcept;

/// The same with new memory.
[[nodiscard]] int map_over_new(std::byte* data, std::size_t size, bool* torn) noexcept;

/// Maps new memory where a torn map_over() left nothing; fails when something else is there by now.
[[nodiscard]] int renew(std::byte* data, std::size_t size) noexcept;

[[nodiscard]] int make_writable(std::byte* data, std::size_t size) noexcept;

/// Gets the memory of a mapping that map() made, all at once and, `huge`, in huge pages where whole
/// ones fit in. Nothing is lost when the system cannot.
void populate(std::byte* data, std::size_t size, bool huge) noexcept;

// --- memory files --------------------------------------------------------------------------------

/// A new memory file, which cannot shrink. It takes a descriptor from the budget.
[[nodiscard]] int create_file(int* file) noexcept;

/// Writes all of `size` bytes at an offset that was never written to, `huge` as in populate(); a part
/// of them may be there when it fails. No signal, whatever RLIMIT_FSIZE is.
[[nodiscard]] int append(int file, const std::byte* data, std::size_t size, std::size_t offset,
                         bool huge) noexcept;

/// Reads back what append() wrote.
[[nodiscard]] int read_back(int file, std::byte* data, std::size_t size,
                            std::size_t offset) noexcept;

/// Frees the memory of a part, which reads as zeros from then on, in every mapping and process.
[[nodiscard]] int give_back(int file, std::size_t offset, std::size_t size) noexcept;

void close_file(int file) noexcept;

// --- what a process knows of itself --------------------------------------------------------------

/// What a mapping is of.
enum class MappingOf { Memory, Disk };

/// Takes `mappings` of those that quire allows itself in this process. Without one a stream in memory
/// copies and a spilled one fails: these may go to twice as many.
[[nodiscard]] bool take_mappings(std::size_t mappings, MappingOf of = MappingOf::Memory) noexcept;

void give_mappings(std::size_t mappings) noexcept;

/// Another number in a forked child than in its parent.
[[nodiscard]] std::uint64_t process_generation() noexcept;

/// Calls `before` before each fork, and `after` after it in both processes.
[[nodiscard]] bool before_and_after_fork(void (*before)() noexcept,
                                         void (*after)() noexcept) noexcept;

/// A word of /proc/self/pagemap says that the page is this mapping's own, not the file's. A page that
/// is swapped out, or on its way to another place, is not present and still its own.
[[nodiscard]] constexpr bool is_own_page(std::uint64_t word) noexcept {
  constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
  constexpr std::uint64_t kSwapped = std::uint64_t{1} << 62;
  constexpr std::uint64_t kOfFile = std::uint64_t{1} << 61;
  return (word & (kPresent | kSwapped)) != 0 && (word & kOfFile) == 0;
}

/// Sets `words[i]` to the pagemap's word of the i-th page from `data`.
[[nodiscard]] int read_pagemap(const std::byte* data, std::size_t pages,
                               std::uint64_t* words) noexcept;

}  // namespace quire::detail::pages
