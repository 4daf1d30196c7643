// new_memfd: files in memory that can be sealed.
//
// Lifetime: the descriptor is the caller's to close. Thread: any.
#pragma once

#include <cerrno>

#include <linux/memfd.h>
#include <sys/mman.h>

// Newer than the oldest headers that quire is built with.
#ifndef MFD_NOEXEC_SEAL
#  define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace quire::detail {

/// One that nobody can execute, which is all that some systems allow. Negative, and errno set, when it is
/// refused.
inline int new_memfd(const char* name) noexcept {
  const int made = ::memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  // EINVAL: a kernel before 6.3.
  if (made >= 0 || errno != EINVAL) return made;
  return ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

}  // namespace quire::detail
