#include "quire/cached_memory.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "mapping_cache.h"
#include "process_locks.h"
#include "quire/detail/pages.h"

namespace quire {

namespace {

/// Oldest first. The lock is process_locks.cache.
class MappingCache {
 public:
  MutableByteSpan take(std::size_t least, std::size_t most) noexcept {
    std::size_t best = count_;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t size = kept_[i].size();
      if (size < least || size > most) continue;
      if (best == count_ || size < kept_[best].size()) best = i;
    }
    return best == count_ ? MutableByteSpan() : remove(best);
  }

  void give(MutableByteSpan mapping) noexcept {
    if (mapping.size() > limit_) return unmap(mapping);
    shrink_to(limit_ - mapping.size());
    if (count_ == kept_.size()) unmap(remove(0));
    kept_[count_++] = mapping;
    bytes_ += mapping.size();
  }

  void shrink_to(std::size_t bytes) noexcept {
    while (bytes_ > bytes) unmap(remove(0));
  }

  void set_limit(std::size_t bytes) noexcept {
    limit_ = bytes;
    shrink_to(limit_);
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  static void unmap(MutableByteSpan mapping) noexcept {
    detail::pages::unmap(mapping.data(), mapping.size());
  }

  MutableByteSpan remove(std::size_t index) noexcept {
    const MutableByteSpan removed = kept_[index];
    std::copy(kept_.begin() + index + 1, kept_.begin() + count_, kept_.begin() + index);
    --count_;
    bytes_ -= removed.size();
    return removed;
  }

  std::array<MutableByteSpan, 64> kept_{};
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t limit_ = std::size_t{32} << 20;
};

constinit MappingCache cache;

}  // namespace

namespace detail {

MutableByteSpan take_cached_mapping(std::size_t least, std::size_t most) noexcept {
  const std::lock_guard lock(process_locks.cache);
  return cache.take(least, most);
}

void cache_or_unmap(MutableByteSpan mapping) noexcept {
  const std::lock_guard lock(process_locks.cache);
  cache.give(mapping);
}

}  // namespace detail

std::size_t cached_memory() noexcept {
  const std::lock_guard lock(detail::process_locks.cache);
  return cache.bytes();
}

std::size_t release_cached_memory() noexcept {
  const std::lock_guard lock(detail::process_locks.cache);
  const std::size_t bytes = cache.bytes();
  cache.shrink_to(0);
  return bytes;
}

void limit_cached_memory(std::size_t bytes) noexcept {
  const std::lock_guard lock(detail::process_locks.cache);
  cache.set_limit(bytes);
}

}  // namespace quire
