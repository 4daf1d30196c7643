#include "page_ranges.h"

#include <array>
#include <cstdint>

namespace quire::detail {

int add_own_pages(const std::byte* data, std::size_t count, DirtyPages& dirty) noexcept {
  std::array<std::uint64_t, 4096> words;
  for (std::size_t first = 0; first < count; first += words.size()) {
    const std::size_t some = std::min(words.size(), count - first);
    const int error = pages::read_pagemap(data + first * pages::page_size(), some, words.data());
    if (error != 0) return error;
    for (std::size_t i = 0; i < some; ++i) {
      if (pages::is_own_page(words[i])) dirty.set(first + i, first + i + 1);
    }
  }
  return 0;
}

}  // namespace quire::detail
