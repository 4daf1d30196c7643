// FileSizeSignal: keeps SIGXFSZ from killing the process while a file grows.
//
// Lifetime: a scope. Thread: the one that made it.
#pragma once

#include <csignal>
#include <cstddef>

#include <pthread.h>
#include <sys/resource.h>

namespace quire::detail {

/// Whether RLIMIT_FSIZE lets a file have `size` bytes; `*limited` says whether it says anything.
inline bool file_size_allowed(std::size_t size, bool* limited) noexcept {
  rlimit limit{};
  *limited = ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return !*limited || size <= limit.rlim_cur;
}

class FileSizeSignal {
 public:
  /// Does nothing unless `block`.
  explicit FileSizeSignal(bool block) noexcept : blocked_(block) {
    if (!blocked_) return;
    sigset_t pending;
    ::sigemptyset(&signal_);
    ::sigaddset(&signal_, SIGXFSZ);
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGXFSZ) == 1;
    ::pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }

  ~FileSizeSignal() {
    if (!blocked_) return;
    const timespec at_once{};
    if (!was_pending_) ::sigtimedwait(&signal_, nullptr, &at_once);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  FileSizeSignal(const FileSizeSignal&) = delete;
  FileSizeSignal& operator=(const FileSizeSignal&) = delete;

 private:
  const bool blocked_;
  bool was_pending_ = false;
  sigset_t signal_;
  sigset_t before_;
};

}  // namespace quire::detail
