// Threads that use handles which a test gives them while it goes on writing to their stream. Each
// handle has one letter at all multiples of a page.
//
// Lifetime: the threads end with the object. Thread: one gives.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "quire/bytes.h"
#include "support/storage.h"

namespace quire::test {

/// The letter of each page, '?' when a page has another one, '-' of nothing.
inline char letter_of(ByteSpan bytes) {
  const std::string_view text = bytes.as_chars();
  for (std::size_t at = 0; at < text.size(); at += kPage) {
    if (text[at] != text[0]) return '?';
  }
  return text.empty() ? '-' : text[0];
}

class HandleUsers {
 public:
  /// Every third time a handle is read `use(handle, round)` does more with it, and says whether that
  /// went as it should.
  template <class Use>
  explicit HandleUsers(Use use) {
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      threads_[i] = std::thread([this, use, i] {
        for (std::size_t round = i; !done_.load(std::memory_order_relaxed); ++round) {
          const Bytes handle = take(round);
          const char letter = letter_of(handle);
          if (letter == '?') ++wrong_;
          if (letter == '-' || round % 3 != 0) continue;
          if (!use(handle, round)) ++wrong_;
          if (letter_of(handle) != letter) ++wrong_;
        }
      });
    }
  }

  ~HandleUsers() { end(); }

  HandleUsers(const HandleUsers&) = delete;
  HandleUsers& operator=(const HandleUsers&) = delete;

  void give(Bytes handle) {
    const std::lock_guard lock(mutex_);
    std::swap(handles_[next_++ % handles_.size()], handle);
  }

  /// Ends the threads. Returns how often something was wrong.
  int end() {
    done_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    return wrong_;
  }

 private:
  [[nodiscard]] Bytes take(std::size_t which) {
    const std::lock_guard lock(mutex_);
    return handles_[which % handles_.size()];
  }

  std::mutex mutex_;
  std::array<Bytes, 5> handles_;
  std::size_t next_ = 0;
  std::atomic<bool> done_ = false;
  std::atomic<int> wrong_ = 0;
  std::array<std::thread, 3> threads_;
};

}  // namespace quire::test
