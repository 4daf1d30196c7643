// A library to be loaded before all others, by LD_PRELOAD: what memcpy() and memmove() move is counted,
// whichever library calls them. What libc moves for itself, as stdio does, and what is moved by loops of
// one's own is not seen.
//
// Lifetime: of the process. Thread: each counts for itself.
#include <cstddef>
#include <cstdint>

namespace {

thread_local std::uint64_t moved = 0;

void* move(void* to, const void* from, std::size_t size) noexcept {
  moved += size;
  auto* const target = static_cast<unsigned char*>(to);
  const auto* const source = static_cast<const unsigned char*>(from);
  if (target <= source || target >= source + size) {
    for (std::size_t i = 0; i < size; ++i) target[i] = source[i];
  } else {
    for (std::size_t i = size; i != 0; --i) target[i - 1] = source[i - 1];
  }
  return to;
}

}  // namespace

extern "C" {

std::uint64_t quire_bench_moved() {
  return moved;
}

void* memcpy(void* to, const void* from, std::size_t size) noexcept {
  return move(to, from, size);
}

void* memmove(void* to, const void* from, std::size_t size) noexcept {
  return move(to, from, size);
}

// As distributions compile, where the size of the target is known.
void* __memcpy_chk(void* to, const void* from, std::size_t size, std::size_t) noexcept {
  return move(to, from, size);
}

void* __memmove_chk(void* to, const void* from, std::size_t size, std::size_t) noexcept {
  return move(to, from, size);
}
}
