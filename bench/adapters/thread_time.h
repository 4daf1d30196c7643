// Rows of which the processor time of the calling thread counts alone: the other end of a connection is
// somebody else's.
//
// Lifetime: none. Thread: the one that is measured.
#pragma once

#include <string>
#include <string_view>

#include <sys/resource.h>

#include "bench.h"
#include "moved.h"
#include "quire/ledger.h"

namespace bench {

inline double thread_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

/// `action` moves `size` bytes. What quire copied is told besides.
template <class Action>
void thread_row(const std::string& workload, std::string_view peer, std::size_t size,
                Action action) {
  long_row(workload, peer, [=](benchmark::State& state) {
    const quire::Ledger before = quire::thread_ledger();
    const Moved moved(state);
    for (auto _ : state) {
      const double start = thread_seconds();
      action();
      state.SetIterationTime(thread_seconds() - start);
    }
    state.counters["copied_bytes"] =
        static_cast<double>((quire::thread_ledger() - before).copied_total()) /
        static_cast<double>(state.iterations());
    count_bytes(state, size);
  })->UseManualTime();
}

}  // namespace bench
