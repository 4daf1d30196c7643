// FileSizeSignal: keeps SIGXFSZ from killing the process while a file grows.
//
// Lifetime: a scope. Thread: the one that made it.
#pragma once

#include <csignal>
#include <cstddef>

#include <sys/resource.h>

#include "blocked_signal.h"

namespace quire::detail {

/// Whether RLIMIT_FSIZE lets a file have `size` bytes; `*limited` says whether it says anything.
inline bool file_size_allowed(std::size_t size, bool* limited) noexcept {
  rlimit limit{};
  *limited = ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return !*limited || size <= limit.rlim_cur;
}

class FileSizeSignal : public BlockedSignal {
 public:
  /// Does nothing unless `block`.
  explicit FileSizeSignal(bool block) noexcept : BlockedSignal(SIGXFSZ, block) {}
};

}  // namespace quire::detail
