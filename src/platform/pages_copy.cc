// The portable back end: no pages. All blocks stay on the heap, and what Linux does by remapping is
// done by copying. It is also the reference: the same tests run on both.
#include <cerrno>

#if __has_include(<pthread.h>)
#  include <pthread.h>
#endif

#include "quire/detail/pages.h"

namespace quire::detail::pages {

void set_fault_hook(FaultHook) noexcept {}

bool available() noexcept {
  return false;
}

std::size_t page_size() noexcept {
  return 4096;
}

int map(std::size_t, std::byte**) noexcept {
  return ENOSYS;
}

void unmap(std::byte*, std::size_t) noexcept {}

int resize(std::byte**, std::size_t, std::size_t) noexcept {
  return ENOSYS;
}

int map_over(std::byte*, std::size_t, int, std::size_t, Access, bool* torn) noexcept {
  *torn = false;
  return ENOSYS;
}

int map_over_new(std::byte*, std::size_t, bool* torn) noexcept {
  *torn = false;
  return ENOSYS;
}

int renew(std::byte*, std::size_t) noexcept {
  return ENOSYS;
}

int make_writable(std::byte*, std::size_t) noexcept {
  return ENOSYS;
}

void populate(std::byte*, std::size_t, bool) noexcept {}

int create_file(int*) noexcept {
  return ENOSYS;
}

int append(int, const std::byte*, std::size_t, std::size_t, bool) noexcept {
  return ENOSYS;
}

int read_back(int, std::byte*, std::size_t, std::size_t) noexcept {
  return ENOSYS;
}

int give_back(int, std::size_t, std::size_t) noexcept {
  return ENOSYS;
}

void close_file(int) noexcept {}

bool take_mappings(std::size_t, MappingOf) noexcept {
  return false;
}

void give_mappings(std::size_t) noexcept {}

std::uint64_t process_generation() noexcept {
  return 1;
}

bool before_and_after_fork([[maybe_unused]] void (*before)() noexcept,
                           [[maybe_unused]] void (*after)() noexcept) noexcept {
#if __has_include(<pthread.h>)
  return ::pthread_atfork(before, after, after) == 0;
#else
  return true;
#endif
}

int read_pagemap(const std::byte*, std::size_t, std::uint64_t*) noexcept {
  return ENOSYS;
}

}  // namespace quire::detail::pages
