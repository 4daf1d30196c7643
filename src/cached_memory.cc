#include "quire/cached_memory.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "mapping_cache.h"
#include "process_locks.h"
#include "quire/detail/pages.h"

namespace quire {

namespace {

using detail::Mapping;

// How many times the size that it wants a block may get: streams that grow begin small, and each move
// to another mapping is a copy.
constexpr std::size_t kOversize = 64;

/// Oldest first, each in the budget of mappings. The lock is process_locks.cache.
class MappingCache {
 public:
  Mapping take(std::size_t least, std::size_t used, std::size_t* surplus) noexcept {
    *surplus = 0;
    const std::size_t best = find(least, used);
    if (best == count_) return {};
    const Mapping taken = remove(best);
    *surplus = surplus_of(taken, used);
    lent_ += *surplus;
    return taken;
  }

  [[nodiscard]] bool has(std::size_t least, std::size_t used) const noexcept {
    return find(least, used) != count_;
  }

  void give_surplus(std::size_t surplus) noexcept { lent_ -= surplus; }

  void give(const Mapping& mapping) noexcept {
    if (mapping.size + lent_ > limit_ || !detail::pages::take_mappings(1)) return unmap(mapping);
    shrink_to(limit_ - lent_ - mapping.size);
    if (count_ == kept_.size()) unmap(remove(0));
    kept_[count_++] = mapping;
    bytes_.fetch_add(mapping.size, std::memory_order_relaxed);
  }

  void shrink_to(std::size_t bytes) noexcept {
    while (this->bytes() > bytes) unmap(remove(0));
  }

  void set_limit(std::size_t bytes) noexcept {
    limit_ = bytes;
    shrink_to(limit_ - std::min(limit_, lent_));
  }

  /// Without the lock: what it was a moment ago.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return bytes_.load(std::memory_order_relaxed);
  }

 private:
  static std::size_t surplus_of(const Mapping& mapping, std::size_t used) noexcept {
    return mapping.touched - std::min(mapping.touched, used);
  }

  /// The smallest that fits; count_ when there is none.
  [[nodiscard]] std::size_t find(std::size_t least, std::size_t used) const noexcept {
    // Small streams that live long must leave the large ones something.
    const bool may_lend = lent_ <= limit_ / 2;
    std::size_t best = count_;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t size = kept_[i].size;
      if (size < least || size / kOversize > least) continue;
      if (!may_lend && surplus_of(kept_[i], used) != 0) continue;
      if (best == count_ || size < kept_[best].size) best = i;
    }
    return best;
  }

  static void unmap(const Mapping& mapping) noexcept {
    detail::pages::unmap(mapping.data, mapping.size);
  }

  Mapping remove(std::size_t index) noexcept {
    const Mapping removed = kept_[index];
    std::copy(kept_.begin() + index + 1, kept_.begin() + count_, kept_.begin() + index);
    --count_;
    bytes_.fetch_sub(removed.size, std::memory_order_relaxed);
    detail::pages::give_mappings(1);
    return removed;
  }

  std::array<Mapping, 128> kept_{};
  std::size_t count_ = 0;
  std::atomic<std::size_t> bytes_ = 0;
  std::size_t lent_ = 0;
  std::size_t limit_ = std::size_t{32} << 20;
};

constinit MappingCache cache;

}  // namespace

namespace detail {

Mapping take_cached_mapping(std::size_t least, std::size_t used, std::size_t* surplus) noexcept {
  const std::lock_guard lock(process_locks.cache);
  return cache.take(least, used, surplus);
}

bool has_cached_mapping(std::size_t size) noexcept {
  if (cache.bytes() == 0) return false;
  const std::lock_guard lock(process_locks.cache);
  return cache.has(size, size);
}

void give_surplus(std::size_t surplus) noexcept {
  if (surplus == 0) return;
  const std::lock_guard lock(process_locks.cache);
  cache.give_surplus(surplus);
}

void cache_or_unmap(const Mapping& mapping) noexcept {
  const std::lock_guard lock(process_locks.cache);
  cache.give(mapping);
}

}  // namespace detail

std::size_t cached_memory() noexcept {
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
