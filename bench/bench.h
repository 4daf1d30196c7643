// What the benchmark programs share: names of rows, sizes, how memory starts, and `main`.
//
// A row is called family/workload/peer; tools/bench_report.py puts the peers of one workload beside
// each other. QUIRE_BENCH_SMOKE=1 shrinks the data so that every row runs within a second.
//
// Lifetime: rows keep what they are given by value. Thread: each program keeps a second thread
// alive, asleep, as a program in earnest would: without one some peers count owners without
// atomics.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace bench {

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;
inline constexpr std::size_t kGiB = 1024 * kMiB;

inline bool is_set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

inline bool smoke() {
  return is_set("QUIRE_BENCH_SMOKE");
}

/// `count`, or little of it in a smoke run.
inline std::size_t scaled(std::size_t count) {
  return smoke() ? count / 50 + 1 : count;
}

/// Bytes in the texts that are read and searched.
inline std::size_t text_size() {
  return scaled(100'000'000);
}

/// Whether the machine has memory for rows of 1 GiB, some of which have it four times.
inline bool has_room_for_gib() {
  const auto pages = static_cast<std::size_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES)));
  const auto page_size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return !smoke() && pages >= 8 * kGiB / page_size;
}

/// One row's data at a time is alive. 4 GiB are for the nightly run alone.
inline std::vector<std::size_t> huge_sizes() {
  if (!has_room_for_gib()) return {};
  if (!is_set("QUIRE_NIGHTLY")) return {kGiB};
  return {kGiB, 4 * kGiB};
}

/// How often rows of huge sizes run that no target hangs on: they take long.
inline int huge_repetitions() {
  return is_set("QUIRE_NIGHTLY") ? 3 : 1;
}

/// Fixes how often a row of a huge size runs: finding that out would build its data again and again,
/// which takes longer than what is timed. Three times, as targets hang on it: one may have had to wait for
/// memory.
inline void limit_runs(benchmark::internal::Benchmark* row, std::size_t size,
                       benchmark::IterationCount iterations) {
  if (size >= kGiB) row->Repetitions(3)->Iterations(iterations);
}

/// "8 B", "4 KiB", ... as workloads are called.
inline std::string size_name(std::size_t size) {
  if (size % kGiB == 0) return std::to_string(size / kGiB) + " GiB";
  if (size % kMiB == 0) return std::to_string(size / kMiB) + " MiB";
  if (size % kKiB == 0) return std::to_string(size / kKiB) + " KiB";
  return std::to_string(size) + " B";
}

template <class Body>
benchmark::internal::Benchmark* row(const std::string& workload, std::string_view peer, Body body) {
  return benchmark::RegisterBenchmark((workload + "/" + std::string(peer)).c_str(), body);
}

/// For rows that build or walk much data.
template <class Body>
benchmark::internal::Benchmark* long_row(const std::string& workload, std::string_view peer,
                                         Body body) {
  return row(workload, peer, body)->Unit(benchmark::kMillisecond);
}

/// Runs `body()` in a process of its own and times that alone: the memory is fresh and the allocator
/// has no habits yet. Register such rows before those that run in this process, and with
/// UseManualTime().
template <class Body>
void once_a_process(benchmark::State& state, Body body) {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  void* const page =
      ::mmap(nullptr, sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return state.SkipWithError("no memory for the result");
  auto* const seconds = static_cast<double*>(page);
  for (auto _ : state) {
    const pid_t child = ::fork();
    if (child == 0) {
      const double start = now();
      body();
      *seconds = now() - start;
      ::_exit(0);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) {
      state.SkipWithError("the process that was to be timed failed");
      break;
    }
    state.SetIterationTime(*seconds);
  }
  ::munmap(page, sizeof(double));
}

inline void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}

inline void count_items(benchmark::State& state, std::size_t items) {
  state.SetItemsProcessed(static_cast<std::int64_t>(items) * state.iterations());
}

/// Bytes without a pattern, but for '\n', which is left out.
inline std::string random_text(std::size_t size) {
  std::string text(size, '\0');
  std::mt19937_64 random(size);
  for (char& c : text) {
    c = static_cast<char>(random());
    if (c == '\n') c = ' ';
  }
  return text;
}

/// Lines of `width` characters, the newline included.
inline std::string lines_text(std::size_t size, std::size_t width) {
  std::string text(size, 'x');
  for (std::size_t i = width - 1; i < size; i += width) text[i] = '\n';
  return text;
}

/// Sleeps until the program ends.
class SecondThread {
 public:
  SecondThread()
      : thread_([this](std::stop_token stop) {
          std::unique_lock lock(mutex_);
          ended_.wait(lock, stop, [] { return false; });
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;
};

inline int run(int argc, char** argv) {
  const SecondThread second;
  std::string missing;
#ifndef QUIRE_BENCH_HAS_ABSL
  missing += " absl";
#endif
#ifndef QUIRE_BENCH_HAS_QT
  missing += " qt";
#endif
#ifndef QUIRE_BENCH_HAS_BOOST
  missing += " boost";
#endif
  benchmark::AddCustomContext("peers_not_built", missing);
  benchmark::AddCustomContext("compiler", __VERSION__);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace bench
