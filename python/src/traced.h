// What tracemalloc is told of memory that is not Python's own: one trace for each block, in a domain
// of quire's, at the line that made it.
//
// Lifetime: a trace is the object's that it is named by; it is taken back before that goes. Thread:
// the interpreter's lock. With the stable interface there are no traces.
#pragma once

#include <cstddef>
#include <cstdint>

#include "python_api.h"

namespace quire::python {

/// "quir": the domain that tracemalloc.DomainFilter can ask for.
inline constexpr unsigned kTraceDomain = 0x71756972;

#ifdef Py_LIMITED_API

inline bool trace_memory(const void*, std::size_t) noexcept {
  return false;
}

inline void untrace_memory(const void*) noexcept {}

#else

// By names of our own: the header of 3.13 forgets that they are C's.
extern "C" int quire_trace_malloc_track(unsigned domain, std::uintptr_t key,
                                        std::size_t size) noexcept __asm__("PyTraceMalloc_Track");
extern "C" int quire_trace_malloc_untrack(unsigned domain, std::uintptr_t key) noexcept
    __asm__("PyTraceMalloc_Untrack");

/// Says that `owner` holds `size` bytes now. False if nobody is listening.
inline bool trace_memory(const void* owner, std::size_t size) noexcept {
  return quire_trace_malloc_track(kTraceDomain, reinterpret_cast<std::uintptr_t>(owner), size) == 0;
}

inline void untrace_memory(const void* owner) noexcept {
  quire_trace_malloc_untrack(kTraceDomain, reinterpret_cast<std::uintptr_t>(owner));
}

#endif

}  // namespace quire::python
