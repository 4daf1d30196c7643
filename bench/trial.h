// Trials: rows that run in a process of their own, so that neither what ran before nor the order of
// the rows decides what memory costs. A row's body prepares, and hands to `measure` what counts.
//
//   time    processor time; once_a_process() in bench.h is the same for what needs no preparation
//   memory  in a second process: how much more there is afterwards, and at the most in between
//
// Lifetime: a Trial lives in its child process. Thread: the child has a second one, asleep.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

namespace bench {

/// The number after `key` in a file of /proc/self, in kB there, in bytes here.
inline double proc_bytes(const char* path, const char* key) {
  double kilobytes = 0;
  if (std::FILE* const file = std::fopen(path, "re")) {
    char line[256];
    while (std::fgets(line, sizeof(line), file) != nullptr) {
      if (std::strncmp(line, key, std::strlen(key)) == 0) {
        kilobytes = std::strtod(line + std::strlen(key), nullptr);
      }
    }
    std::fclose(file);
  }
  return kilobytes * 1024;
}

/// Memory that memory files hold, mapped or not: each file once, through whatever shows it.
inline double memory_file_bytes() {
  std::set<ino_t> seen;
  double bytes = 0;
  for (const char* const folder : {"/proc/self/fd", "/proc/self/map_files"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      const std::string target = std::filesystem::read_symlink(entry.path(), error);
      if (error || !target.starts_with("/memfd:")) continue;
      struct stat status {};
      if (::stat(entry.path().c_str(), &status) != 0 || !seen.insert(status.st_ino).second)
        continue;
      bytes += static_cast<double>(status.st_blocks) * 512;
    }
  }
  return bytes;
}

/// What this process has of its own. Resident size alone would miss the pages of memory files that
/// nobody has touched, and count shared ones more than once.
inline double memory_in_use() {
  return proc_bytes("/proc/self/smaps_rollup", "Anonymous:") + memory_file_bytes();
}

/// The most memory in use while it lives, looked at from another processor.
class PeakMemory {
 public:
  PeakMemory() : before_(sample()) {
    watcher_ = std::thread([this] {
      cpu_set_t all;
      CPU_ZERO(&all);
      for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) CPU_SET(cpu, &all);
      static_cast<void>(::sched_setaffinity(0, sizeof(all), &all));
      started_ = true;
      while (!ended_) {
        most_ = std::max(most_, sample());
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    });
    while (!started_) std::this_thread::yield();
  }

  PeakMemory(const PeakMemory&) = delete;
  PeakMemory& operator=(const PeakMemory&) = delete;

  ~PeakMemory() { end(); }

  /// More than at the start.
  [[nodiscard]] double extra() {
    end();
    return std::max(0.0, most_ - before_);
  }

 private:
  static double sample() {
    return proc_bytes("/proc/self/status", "RssAnon:") + memory_file_bytes();
  }

  void end() {
    ended_ = true;
    if (watcher_.joinable()) watcher_.join();
    most_ = std::max(most_, sample());
  }

  const double before_;
  double most_ = 0;
  std::atomic<bool> started_ = false;
  std::atomic<bool> ended_ = false;
  std::thread watcher_;
};

inline double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// What a trial brings back: numbers with names.
struct Findings {
  static constexpr int kMost = 48;

  struct Note {
    char name[28];
    double value;
  };

  double seconds = 0;
  int count = 0;
  Note notes[kMost];

  void add(const std::string& name, double value) {
    if (count == kMost) return;
    Note& note = notes[count++];
    std::snprintf(note.name, sizeof(note.name), "%s", name.c_str());
    note.value = value;
  }
};

class Trial {
 public:
  enum class What { Time, Memory };

  Trial(What what, std::size_t count, Findings* findings)
      : what_(what), count_(count), findings_(findings) {}

  /// How often to do what is timed.
  [[nodiscard]] std::size_t count() const { return count_; }

  /// What the row is about. May be called more than once for time, which adds up.
  template <class Body>
  void measure(Body&& body) {
    if (what_ == What::Time) {
      const double start = processor_seconds();
      body();
      findings_->seconds += processor_seconds() - start;
      return;
    }
    const double before = memory_in_use();
    PeakMemory peak;
    body();
    findings_->add("peak_bytes", peak.extra());
    findings_->add("extra_bytes", memory_in_use() - before);
  }

  /// A number of its own, in a row that measures time.
  void note(const std::string& name, double value) {
    if (what_ == What::Time) findings_->add(name, value);
  }

  /// Time that was measured elsewhere.
  void add_seconds(double seconds) { findings_->seconds += seconds; }

 private:
  const What what_;
  const std::size_t count_;
  Findings* const findings_;
};

/// Uses and frees as much memory as a row is about to ask for: where the machine is itself a guest,
/// memory that its host has not given it yet costs fifteen times as much.
inline void ready_memory(std::size_t size) {
  void* const data =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return;
  ::madvise(data, size, MADV_HUGEPAGE);
  std::memset(data, 1, size);
  ::munmap(data, size);
}

/// Runs `body(trial)` in a child process. False: it failed.
template <class Body>
bool run_trial(Trial::What what, std::size_t count, Findings* findings, Body body) {
  *findings = Findings();
  const pid_t child = ::fork();
  if (child == 0) {
    // A thread that fork did not bring along cannot be joined: it is left to _exit.
    new SecondThread;
    Trial trial(what, count, findings);
    body(trial);
    ::_exit(0);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

/// A row whose body gets a Trial. `memory`: tell memory as well.
template <class Body>
benchmark::internal::Benchmark* trial_row(const std::string& workload, std::string_view peer,
                                          Body body, bool memory = false) {
  const bool huge = workload.find(" GiB") != std::string::npos;
  const auto run_row = [=](benchmark::State& state) {
    if (huge) {
      // Each time would take longer than what is measured.
      [[maybe_unused]] static const bool ready = (ready_memory(4 * kGiB), true);
    }
    void* const page = ::mmap(nullptr, sizeof(Findings), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return state.SkipWithError("no memory for the result");
    auto* const findings = static_cast<Findings*>(page);
    const auto keep_notes = [&] {
      for (int i = 0; i < findings->count; ++i) {
        state.counters[findings->notes[i].name] = findings->notes[i].value;
      }
    };
    while (state.KeepRunningBatch(state.max_iterations)) {
      const auto count = static_cast<std::size_t>(state.max_iterations);
      if (!run_trial(Trial::What::Time, count, findings, body)) {
        state.SkipWithError("the process that was to be timed failed");
        break;
      }
      state.SetIterationTime(findings->seconds);
      keep_notes();
    }
    if (memory && !state.error_occurred()) {
      if (run_trial(Trial::What::Memory, 1, findings, body)) {
        keep_notes();
      } else {
        state.SkipWithError("the process whose memory was to be measured failed");
      }
    }
    ::munmap(page, sizeof(Findings));
  };
  auto* const row = long_row(workload, peer, run_row)->UseManualTime();
  if (huge) row->Repetitions(huge_repetitions());
  return row;
}

/// The same, for what can be done once only in a process.
template <class Body>
benchmark::internal::Benchmark* once_row(const std::string& workload, std::string_view peer,
                                         Body body, bool memory = true) {
  return trial_row(workload, peer, body, memory)->Iterations(1);
}

/// Runs bench/io_bytesio.py, which times itself: `python_row(workload, "build", {size})` calls its
/// function of that name with the count of repetitions and the numbers.
inline benchmark::internal::Benchmark* python_row(const std::string& workload,
                                                  const std::string& function,
                                                  std::vector<std::size_t> numbers) {
  return trial_row(workload, "io.BytesIO", [=](Trial& trial) {
    std::ostringstream command;
    command << "python3 " << QUIRE_SOURCE_DIR << "/bench/io_bytesio.py " << function << ' '
            << trial.count();
    for (const std::size_t number : numbers) command << ' ' << number;
    std::FILE* const output = ::popen(command.str().c_str(), "r");
    if (output == nullptr) ::_exit(1);
    char line[256];
    double seconds = -1;
    while (std::fgets(line, sizeof(line), output) != nullptr) {
      char name[32];
      double value = 0;
      if (std::sscanf(line, "%31s %lf", name, &value) != 2) continue;
      if (std::strcmp(name, "seconds") == 0) {
        seconds = value;
      } else {
        trial.note(name, value);
      }
    }
    if (::pclose(output) != 0 || seconds < 0) ::_exit(1);
    trial.add_seconds(seconds);
  });
}

/// The yardstick for bytes that are not shared: a copy into fresh memory, huge pages asked for.
class FreshCopy {
 public:
  FreshCopy(const void* data, std::size_t size) : size_(size) {
    data_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data_ == MAP_FAILED) std::abort();
    ::madvise(data_, size, MADV_HUGEPAGE);
    std::memcpy(data_, data, size);
  }

  FreshCopy(const FreshCopy&) = delete;
  FreshCopy& operator=(const FreshCopy&) = delete;

  ~FreshCopy() { ::munmap(data_, size_); }

  [[nodiscard]] char* data() const { return static_cast<char*>(data_); }

 private:
  std::size_t size_;
  void* data_;
};

}  // namespace bench
