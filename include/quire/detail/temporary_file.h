// temporary_file: files without a name, for what does not fit into memory or must be given away.
//
// Functions that return an int return 0, or an error number as in <cerrno>. No signal is raised,
// whatever RLIMIT_FSIZE is.
//
// Lifetime: descriptors and mappings are the caller's to give back. Thread: any; the fault hook is
// shared by all.
#pragma once

#include <cstddef>
#include <string>

#include "quire/detail/export.h"

namespace quire::detail::temporary_file {

/// The system calls that may be refused.
enum class Call {
  Create,       ///< open of a file without a name, or memfd_create
  CreateNamed,  ///< mkostemp, where there is no file without a name
  Unlink,       ///< unlink of that name
  Allocate,     ///< fallocate
  SetSize,      ///< ftruncate
  Write,        ///< pwrite
  Read,         ///< pread
  Copy,         ///< copy_file_range
  Map,          ///< mmap
  Advise,       ///< madvise
  Status,       ///< fstat
  Reopen,       ///< open of a file that is open
  Protect,      ///< fchmod
  Seal,         ///< F_ADD_SEALS
};

inline constexpr int kCalls = 14;

/// Asked before each of these calls: 0 lets it through, an error number makes it fail.
using FaultHook = int (*)(Call call) noexcept;

/// For tests. Null, as at the start, refuses nothing.
QUIRE_API void set_fault_hook(FaultHook hook) noexcept;

/// Whether the files of a directory are in memory, which is no place for what must leave it.
[[nodiscard]] QUIRE_API bool in_memory(const char* directory) noexcept;

/// Whether a file is.
[[nodiscard]] bool in_memory(int file) noexcept;

/// Bytes of memory that a file takes, which is none when it is on a disk.
[[nodiscard]] std::size_t memory_of(int file) noexcept;

/// Makes a file that nobody else can open, and that is gone when its last descriptor and mapping are.
[[nodiscard]] int create(const char* directory, int* file) noexcept;

/// Makes a file in memory that can be sealed.
[[nodiscard]] int create_in_memory(int* file) noexcept;

void close(int file) noexcept;

/// Gives a part of the file room on the disk, zeroed where it is new: writing there does not fail for
/// want of it. Where the file system cannot promise that, writing has to be tried.
[[nodiscard]] int allocate(int file, std::size_t offset, std::size_t size) noexcept;

/// A part of what was to be written may be there when it fails.
[[nodiscard]] int write(int file, const std::byte* data, std::size_t size,
                        std::size_t offset) noexcept;

/// The next bytes from `offset`, at most `size`; `*filled` says how many. None is the end.
[[nodiscard]] int read(int file, std::byte* data, std::size_t size, std::size_t offset,
                       std::size_t* filled) noexcept;

/// Copies a part of a file to the same place of another one.
[[nodiscard]] int copy(int from, int to, std::size_t offset, std::size_t size) noexcept;

/// Cuts the file, or extends it with zeros that need no room yet.
[[nodiscard]] int set_size(int file, std::size_t size) noexcept;

/// Maps the first `size` bytes, also those that the file does not have yet. Writes change the mapping
/// only.
[[nodiscard]] int map(int file, std::size_t size, std::byte** data) noexcept;

/// Forgets what was written to a mapping: it shows the file again.
void forget_changes(std::byte* data, std::size_t size) noexcept;

/// Makes a file of `size` bytes one that nobody can change any more, as far as the system has a way:
/// sealed when it is in memory, else without permission to write. `*reader` is another descriptor of
/// it, for reading. Refused with EBUSY, and nothing done, when that is not its size.
[[nodiscard]] int make_constant(int file, std::size_t size, int* reader) noexcept;

/// A name under which this process, and others of the same user, can open the file.
[[nodiscard]] std::string path_of(int file);

/// Makes what path_of() gave to a parent process, before this one was forked off, the name of the same
/// descriptor here. It stays where it is; an empty one stays empty.
void take_over_path(std::string& path) noexcept;

}  // namespace quire::detail::temporary_file
