#include "quire/cached_memory.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "mapping_cache.h"
#include "process_locks.h"
#include "quire/detail/pages.h"

namespace quire {

namespace {

using detail::Mapping;

/// Oldest first, each in the budget of mappings. The lock is process_locks.cache.
class MappingCache {
 public:
  Mapping take(std::size_t least, std::size_t most, std::size_t used,
               std::size_t* surplus) noexcept {
    std::size_t best = count_;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t size = kept_[i].size;
      if (size < least || size > most) continue;
      if (best == count_ || size < kept_[best].size) best = i;
    }
    *surplus = 0;
    if (best == count_) return {};
    const Mapping taken = remove(best);
    *surplus = taken.touched - std::min(taken.touched, used);
    lent_ += *surplus;
    return taken;
  }

  void give_surplus(std::size_t surplus) noexcept { lent_ -= surplus; }

  void give(const Mapping& mapping) noexcept {
    if (mapping.size + lent_ > limit_ || !detail::pages::take_mappings(1)) return unmap(mapping);
    shrink_to(limit_ - lent_ - mapping.size);
    if (count_ == kept_.size()) unmap(remove(0));
    kept_[count_++] = mapping;
    bytes_ += mapping.size;
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
  static void unmap(const Mapping& mapping) noexcept {
    detail::pages::unmap(mapping.data, mapping.size);
  }

  Mapping remove(std::size_t index) noexcept {
    const Mapping removed = kept_[index];
    std::copy(kept_.begin() + index + 1, kept_.begin() + count_, kept_.begin() + index);
    --count_;
    bytes_ -= removed.size;
    detail::pages::give_mappings(1);
    return removed;
  }

  std::array<Mapping, 128> kept_{};
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t lent_ = 0;
  std::size_t limit_ = std::size_t{32} << 20;
};

constinit MappingCache cache;

}  // namespace

namespace detail {

Mapping take_cached_mapping(std::size_t least, std::size_t most, std::size_t used,
                            std::size_t* surplus) noexcept {
  const std::lock_guard lock(process_locks.cache);
  return cache.take(least, most, used, surplus);
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
