// What tracemalloc is told of memory that is not Python's own: one trace for each piece of it, in a
// domain of quire's, at the line that made it or changed it last.
//
// Lifetime: a trace is named by the object that has the memory, by a block, or by a file that blocks
// share; it is taken back before that goes. Thread: the interpreter's lock to trace, none to take back.
// With the stable interface there are no traces.
#pragma once

#include <cstddef>
#include <cstdint>

#include "python_api.h"
#include "quire/detail/block.h"

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

/// Says what memory a block of pages has now, and the files that it shares. They are taken back by
/// themselves: detail::memory_gone.
inline void trace_block(detail::Block& block) noexcept {
  // To count the pages takes long, and mostly nobody is listening.
  if (!trace_memory(&block, 0)) return;
  const detail::MemoryUse use = block.kind->memory(&block);
  trace_memory(&block, use.own);
  for (const detail::SharedMemory& file : use.files) {
    if (file.name != nullptr) trace_memory(file.name, file.size);
  }
}

}  // namespace quire::python
