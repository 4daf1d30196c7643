// Forbidden: a system call that the kernel refuses to a process from some point on.
//
// Lifetime: the process; for tests, a child process. Thread: the one that asks.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <ostream>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "support/storage.h"

namespace quire::test {

/// Whatever its arguments are, or when one of them is as it says.
struct Forbidden {
  enum class When : unsigned char { Always, HasBits, LacksBits, Is };

  const char* name;
  unsigned call;
  unsigned error;
  When when = When::Always;
  unsigned argument = 0;  ///< which one
  unsigned value = 0;
};

inline std::ostream& operator<<(std::ostream& out, const Forbidden& what) {
  return out << what.name << " refused with " << std::strerror(static_cast<int>(what.error));
}

inline constexpr unsigned kUnnamedFile = O_TMPFILE & ~O_DIRECTORY;
inline constexpr unsigned kCollapse = 25;

/// What quire asks of the system, with the answers that sandboxes and older systems give.
inline constexpr Forbidden kForbidden[] = {
    {"memfd_create", __NR_memfd_create, EPERM},
    {"memfd_create", __NR_memfd_create, ENOSYS},
    {"memfd_create without execution", __NR_memfd_create, EINVAL, Forbidden::When::HasBits, 1, 0x8},
    {"seals", __NR_fcntl, EPERM, Forbidden::When::Is, 1, F_ADD_SEALS},
    {"pwrite", __NR_pwrite64, ENOSPC},
    {"pwrite", __NR_pwrite64, EPERM},
    {"pread", __NR_pread64, EPERM},
    {"mmap over something", __NR_mmap, ENOMEM, Forbidden::When::HasBits, 3, MAP_FIXED},
    {"munmap", __NR_munmap, ENOMEM},
    {"mremap", __NR_mremap, ENOMEM},
    {"mprotect", __NR_mprotect, EACCES},
    {"advice", __NR_madvise, EPERM},
    {"huge pages of files", __NR_madvise, EINVAL, Forbidden::When::Is, 2, kCollapse},
    {"giving pages back", __NR_madvise, EINVAL, Forbidden::When::Is, 2, MADV_DONTNEED},
    {"looking whether a mapping is there", __NR_msync, EPERM},
    {"names of mappings", __NR_prctl, EINVAL},
    {"getrlimit", __NR_prlimit64, EPERM},
    {"open", __NR_openat, EACCES},
    {"files without a name", __NR_openat, EOPNOTSUPP, Forbidden::When::HasBits, 2, kUnnamedFile},
    {"files without a name", __NR_openat, EISDIR, Forbidden::When::HasBits, 2, kUnnamedFile},
    {"files without a name", __NR_openat, EACCES, Forbidden::When::HasBits, 2, kUnnamedFile},
    {"fallocate", __NR_fallocate, EPERM},
    {"fallocate", __NR_fallocate, ENOSPC},
    {"fallocate", __NR_fallocate, EOPNOTSUPP},
    {"ftruncate", __NR_ftruncate, EPERM},
    {"copy_file_range", __NR_copy_file_range, EPERM},
    {"copy_file_range", __NR_copy_file_range, EXDEV},
    {"fstat", __NR_fstat, EPERM},
    {"fstat", __NR_newfstatat, EPERM},
    {"fchmod", __NR_fchmod, EPERM},
};

/// A sanitizer makes most calls itself.
inline bool may_forbid(const Forbidden& what) {
  constexpr std::array<unsigned, 5> kOnlyOurs{__NR_memfd_create, __NR_pwrite64, __NR_fallocate,
                                              __NR_copy_file_range, __NR_fchmod};
  return !kSanitized || std::find(kOnlyOurs.begin(), kOnlyOurs.end(), what.call) != kOnlyOurs.end();
}

namespace internal {

inline bool install_filter(sock_filter* first, std::size_t count) {
  const sock_fprog program{static_cast<unsigned short>(count), first};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace internal

/// In this process, for good, beside what is forbidden already.
[[nodiscard]] inline bool forbid(const Forbidden& what) {
  sock_filter always[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what.call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | what.error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const auto compare = static_cast<unsigned short>(
      BPF_JMP | BPF_K | (what.when == Forbidden::When::Is ? BPF_JEQ : BPF_JSET));
  const bool lacks = what.when == Forbidden::When::LacksBits;
  sock_filter by_argument[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what.call, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               static_cast<unsigned>(offsetof(seccomp_data, args)) + what.argument * 8),
      BPF_JUMP(compare, what.value, static_cast<unsigned char>(lacks ? 1 : 0),
               static_cast<unsigned char>(lacks ? 0 : 1)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | what.error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  return what.when == Forbidden::When::Always
             ? internal::install_filter(always, std::size(always))
             : internal::install_filter(by_argument, std::size(by_argument));
}

/// From here on the process is killed by SIGSYS when it makes any system call but to write or to end.
[[nodiscard]] inline bool forbid_all() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_write, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_exit_group, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  return internal::install_filter(filter, std::size(filter));
}

}  // namespace quire::test
