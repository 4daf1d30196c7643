// The C++ types of the items that a view's format describes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::test {

/// Calls `use` with a zero of the type that items of `format`, its letter alone, are read as.
template <class Use>
auto with_item_type(char format, Use&& use) {
  switch (format) {
    case 'c':
      return use(char{});
    case 'b':
      return use(static_cast<signed char>(0));
    case 'B':
      return use(static_cast<unsigned char>(0));
    case 'h':
      return use(short{});
    case 'H':
      return use(static_cast<unsigned short>(0));
    case 'i':
      return use(int{});
    case 'I':
      return use(0u);
    case 'l':
      return use(0l);
    case 'L':
      return use(0ul);
    case 'q':
      return use(0ll);
    case 'Q':
      return use(0ull);
    case 'n':
      return use(std::ptrdiff_t{});
    case 'N':
      return use(std::size_t{});
    case 'f':
      return use(float{});
    case 'd':
      return use(double{});
    case 'P':
      return use(std::uintptr_t{});
    default:
      return use(false);
  }
}

}  // namespace quire::test
