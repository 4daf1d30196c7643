// BlockedSignal: keeps a signal that a call may raise from the thread, and takes it back if it came.
//
// Lifetime: a scope. Thread: the one that made it.
#pragma once

#include <csignal>

#include <pthread.h>
#include <time.h>

namespace quire::detail {

class BlockedSignal {
 public:
  /// Does nothing unless `block`.
  explicit BlockedSignal(int signal, bool block = true) noexcept : blocked_(block) {
    if (!blocked_) return;
    sigset_t pending;
    ::sigemptyset(&signal_);
    ::sigaddset(&signal_, signal);
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, signal) == 1;
    ::pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }

  ~BlockedSignal() {
    if (!blocked_) return;
    const timespec at_once{};
    if (!was_pending_) ::sigtimedwait(&signal_, nullptr, &at_once);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  BlockedSignal(const BlockedSignal&) = delete;
  BlockedSignal& operator=(const BlockedSignal&) = delete;

 private:
  const bool blocked_;
  bool was_pending_ = false;
  sigset_t signal_;
  sigset_t before_;
};

}  // namespace quire::detail
