// How many bytes a row moves in memory: by quire, by the library, by the program, whoever calls memcpy()
// or memmove(). Only a run with count_moved.cc loaded tells it, which `./run bench` makes besides: counting
// takes time.
//
// Lifetime: that of the row's `state`. Thread: counts the one that it is made in.
#pragma once

#include <cstdint>

#include <benchmark/benchmark.h>
#include <dlfcn.h>

namespace bench {

/// Stands before the loop of a row.
class Moved {
 public:
  explicit Moved(benchmark::State& state)
      : state_(state),
        count_(reinterpret_cast<Count>(::dlsym(RTLD_DEFAULT, "quire_bench_moved"))),
        start_(count_ != nullptr ? count_() : 0) {}

  Moved(const Moved&) = delete;
  Moved& operator=(const Moved&) = delete;

  ~Moved() {
    if (count_ == nullptr) return;
    state_.counters["moved_bytes"] =
        static_cast<double>(count_() - start_) / static_cast<double>(state_.iterations());
  }

 private:
  using Count = std::uint64_t (*)();

  benchmark::State& state_;
  Count count_;
  std::uint64_t start_;
};

}  // namespace bench
