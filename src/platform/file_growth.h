// Files that grow: RLIMIT_FSIZE is asked beforehand, and its SIGXFSZ does not kill the process. And what
// system calls move in parts, moved as a whole.
//
// Lifetime: a scope. Thread: the one that made it.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>

#include <sys/resource.h>
#include <unistd.h>

#include "blocked_signal.h"

namespace quire::detail {

/// Keeps the signal from this thread while a file grows to `size` bytes, if there is a limit at all.
class FileGrowth {
 public:
  explicit FileGrowth(std::size_t size) noexcept : FileGrowth(size, limit()) {}

  /// Otherwise the file must not be touched: a system call would write what fits.
  [[nodiscard]] bool allowed() const noexcept { return allowed_; }

 private:
  FileGrowth(std::size_t size, rlim_t limit) noexcept
      : allowed_(size <= limit), signal_(SIGXFSZ, allowed_ && limit != RLIM_INFINITY) {}

  [[nodiscard]] static rlim_t limit() noexcept {
    rlimit limit{};
    return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
  }

  bool allowed_;
  BlockedSignal signal_;
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
