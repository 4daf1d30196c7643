// Files that grow: RLIMIT_FSIZE is asked beforehand, and its SIGXFSZ does not kill the process. And what
// system calls move in parts, moved as a whole.
//
// Lifetime: a scope. Thread: the one that made it.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace quire::detail {

/// Keeps the signal from this thread while a file grows to `size` bytes, if there is a limit at all.
class FileGrowth {
 public:
  explicit FileGrowth(std::size_t size) noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
    allowed_ = size <= limit.rlim_cur;
    if (!allowed_) return;
    blocked_ = true;
    sigset_t pending;
    ::sigemptyset(&signal_);
    ::sigaddset(&signal_, SIGXFSZ);
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGXFSZ) == 1;
    ::pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }

  ~FileGrowth() {
    if (!blocked_) return;
    const timespec at_once{};
    if (!was_pending_) ::sigtimedwait(&signal_, nullptr, &at_once);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  FileGrowth(const FileGrowth&) = delete;
  FileGrowth& operator=(const FileGrowth&) = delete;

  /// Otherwise the file must not be touched: a system call would write what fits.
  [[nodiscard]] bool allowed() const noexcept { return allowed_; }

 private:
  bool allowed_ = true;
  bool blocked_ = false;
  bool was_pending_ = false;
  sigset_t signal_;
  sigset_t before_;
};

/// Calls `move(done)` until it has moved `size` bytes: each time it returns how many more, or -1 as system
/// calls do. Returns 0 or an error number, EIO when there are no more.
template <class Move>
int move_all(std::size_t size, Move move) noexcept {
  for (std::size_t done = 0; done < size;) {
    const auto moved = move(done);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) return moved < 0 ? errno : EIO;
    done += static_cast<std::size_t>(moved);
  }
  return 0;
}

/// Writes all of it, or returns an error number; a part may be there then.
inline int write_at(int file, const std::byte* data, std::size_t size,
                    std::size_t offset) noexcept {
  const FileGrowth growth(offset + size);
  if (!growth.allowed()) return EFBIG;
  return move_all(size, [=](std::size_t done) {
    return ::pwrite(file, data + done, size - done, static_cast<off_t>(offset + done));
  });
}

}  // namespace quire::detail
