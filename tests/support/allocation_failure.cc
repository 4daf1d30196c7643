#include "support/allocation_failure.h"

#include <cstdlib>

namespace {

bool allocation_refused() noexcept {
  using namespace quire::test;
  if (!allocation_budget) return false;
  ++allocations_asked;
  if (*allocation_budget == 0) return true;
  --*allocation_budget;
  return false;
}

}  // namespace

extern "C" {
void* __real_malloc(std::size_t size);                 // NOLINT(bugprone-reserved-identifier)
void* __real_realloc(void* memory, std::size_t size);  // NOLINT(bugprone-reserved-identifier)

void* __wrap_malloc(std::size_t size) {  // NOLINT(bugprone-reserved-identifier)
  return allocation_refused() ? nullptr : __real_malloc(size);
}

void* __wrap_realloc(void* memory, std::size_t size) {  // NOLINT(bugprone-reserved-identifier)
  return allocation_refused() ? nullptr : __real_realloc(memory, size);
}
}

void* operator new(std::size_t size) {
  void* const memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* operator new[](std::size_t size) {
  return operator new(size);
}

// A sanitizer's own would not come through here.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size != 0 ? size : 1);
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size != 0 ? size : 1);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
