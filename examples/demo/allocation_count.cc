#include "demo/allocation_count.h"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocated = 0;

}  // namespace

namespace demo {

std::size_t allocated_bytes() noexcept {
  return allocated;
}

}  // namespace demo

// The linker sends this program's and the library's calls here (--wrap, see CMakeLists.txt).
extern "C" {
void* __real_malloc(std::size_t size);                 // NOLINT(bugprone-reserved-identifier)
void* __real_realloc(void* memory, std::size_t size);  // NOLINT(bugprone-reserved-identifier)

void* __wrap_malloc(std::size_t size) {  // NOLINT(bugprone-reserved-identifier)
  allocated += size;
  return __real_malloc(size);
}

void* __wrap_realloc(void* memory, std::size_t size) {  // NOLINT(bugprone-reserved-identifier)
  allocated += size;
  return __real_realloc(memory, size);
}
}

void* operator new(std::size_t size) {
  void* const memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

// By itself it need not call the one above.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size != 0 ? size : 1);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
