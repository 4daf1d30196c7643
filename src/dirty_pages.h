// DirtyPages: which pages of a block differ from the file behind it. One bit a page.
//
// Lifetime: a value. Thread: one owner, or the block's lock.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "quire/slice.h"

namespace quire::detail {

class DirtyPages {
 public:
  /// Pages that there are bits for.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Pages that are set.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  /// Makes room for `pages`; the new ones are clean. False, and nothing done, when memory is short.
  [[nodiscard]] bool grow(std::size_t pages) noexcept {
    if (pages > capacity_) {
      const std::size_t words = (pages + pages / 2 + kBits - 1) / kBits;
      std::unique_ptr<std::uint64_t[]> grown(new (std::nothrow) std::uint64_t[words]());
      if (grown == nullptr) return false;
      if (size_ != 0) std::memcpy(grown.get(), words_.get(), capacity_ / kBits * sizeof(grown[0]));
      words_ = std::move(grown);
      capacity_ = words * kBits;
    }
    if (pages > size_) size_ = pages;
    return true;
  }

  /// How many of [first, end) are set.
  [[nodiscard]] std::size_t count(std::size_t first, std::size_t end) const noexcept {
    std::size_t found = 0;
    while (first < end) {
      const std::size_t bits = std::min(kBits - first % kBits, end - first);
      found += static_cast<std::size_t>(std::popcount(words_[first / kBits] & mask(first, bits)));
      first += bits;
    }
    return found;
  }

  /// Sets [first, end).
  void set(std::size_t first, std::size_t end) noexcept {
    while (first < end) {
      const std::size_t bits = std::min(kBits - first % kBits, end - first);
      const std::uint64_t added = mask(first, bits);
      std::uint64_t& word = words_[first / kBits];
      count_ += static_cast<std::size_t>(std::popcount(added & ~word));
      word |= added;
      first += bits;
    }
  }

  /// Unsets [first, end).
  void unset(std::size_t first, std::size_t end) noexcept {
    for (; first < end; ++first) {
      std::uint64_t& word = words_[first / kBits];
      const std::uint64_t bit = std::uint64_t{1} << (first % kBits);
      count_ -= (word & bit) != 0;
      word &= ~bit;
    }
  }

  /// Forgets all pages from `pages` on.
  void shrink(std::size_t pages) noexcept {
    for (std::size_t page = pages; page < size_; ++page) {
      std::uint64_t& word = words_[page / kBits];
      const std::uint64_t bit = std::uint64_t{1} << (page % kBits);
      if ((word & bit) != 0) --count_;
      word &= ~bit;
    }
    size_ = std::min(size_, pages);
  }

  /// The first run of set pages at or after `from` and before `end`; empty when there is none.
  [[nodiscard]] Range next_run(std::size_t from, std::size_t end) const noexcept {
    const std::size_t first = find(from, end, 0);
    return {first, find(first, end, ~std::uint64_t{0}) - first};
  }

  void clear() noexcept {
    words_.reset();
    size_ = capacity_ = count_ = 0;
  }

 private:
  static constexpr std::size_t kBits = 64;

  /// `bits` bits of a word, from that of page `first` on.
  [[nodiscard]] static std::uint64_t mask(std::size_t first, std::size_t bits) noexcept {
    const std::uint64_t low = bits == kBits ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    return low << (first % kBits);
  }

  /// The first page from `from` on whose bit is the other one than in `flip`.
  [[nodiscard]] std::size_t find(std::size_t from, std::size_t end,
                                 std::uint64_t flip) const noexcept {
    while (from < end) {
      const std::uint64_t word = (words_[from / kBits] ^ flip) >> (from % kBits);
      if (word != 0) return std::min(end, from + static_cast<std::size_t>(std::countr_zero(word)));
      from += kBits - from % kBits;
    }
    return end;
  }

  std::unique_ptr<std::uint64_t[]> words_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t count_ = 0;
};

}  // namespace quire::detail
