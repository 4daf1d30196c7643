// Appending, small pieces and large:
//
//   (plain)    from empty, one build a process: fresh memory, a fresh allocator
//   reserved   the same, the size announced beforehand
//   loop       built and dropped again and again, as a server does
//   warm       the same stream refilled: no allocation, no page that was not touched before

#include <string>

#include "bench.h"
#include "trial.h"
#include "writers.h"

namespace {

using namespace bench;

// The size is known to the compiler, as it is where a number or a header is written.
template <class Writer, std::size_t size>
void fill(Writer& writer, const std::string& piece, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) writer.append(piece.data(), size);
  benchmark::DoNotOptimize(writer);
  benchmark::ClobberMemory();
}

template <std::size_t size>
const std::string& piece() {
  // Never freed: a large block that is freed changes how malloc treats the next ones.
  static const std::string& piece = *new std::string(random_text(size));
  return piece;
}

template <class Writer, std::size_t size>
benchmark::internal::Benchmark* cold_row(const std::string& workload, std::size_t count) {
  const auto body = [=](benchmark::State& state) {
    once_a_process(state, [=] {
      Writer writer;
      fill<Writer, size>(writer, piece<size>(), count);
    });
    count_bytes(state, count * size);
    count_items(state, count);
  };
  return long_row(workload, Writer::kName, body)->UseManualTime();
}

template <std::size_t size>
void cold_rows(std::size_t count) {
  const std::string workload = "append/" + size_name(size);
  benchmark::DoNotOptimize(piece<size>());  // made before the clock of any process runs
  for_each_writer([&]<class Writer>() {
    cold_row<Writer, size>(workload, count);
    if constexpr (Writer::kReserves) {
      long_row(workload + " reserved", Writer::kName, [=](benchmark::State& state) {
        once_a_process(state, [=] {
          Writer writer;
          writer.reserve(count * size);
          fill<Writer, size>(writer, piece<size>(), count);
        });
        count_bytes(state, count * size);
        count_items(state, count);
      })->UseManualTime();
    }
  });
}

template <class Writer>
void huge_row(std::size_t size) {
  limit_runs(cold_row<Writer, kMiB>("append/1 MiB up to " + size_name(size), size / kMiB), size, 1);
}

template <std::size_t size>
void repeated_rows(std::size_t count) {
  const std::string workload = "append/" + size_name(size);
  for_each_writer([&]<class Writer>() {
    long_row(workload + " loop", Writer::kName, [=](benchmark::State& state) {
      for (auto _ : state) {
        Writer writer;
        fill<Writer, size>(writer, piece<size>(), count);
      }
      count_bytes(state, count * size);
      count_items(state, count);
    });
    if constexpr (Writer::kRewinds) {
      long_row(workload + " warm", Writer::kName, [=](benchmark::State& state) {
        Writer writer;
        fill<Writer, size>(writer, piece<size>(), count);
        for (auto _ : state) {
          writer.rewind();
          fill<Writer, size>(writer, piece<size>(), count);
        }
        count_bytes(state, count * size);
        count_items(state, count);
      });
    }
  });
}

// A log that is shipped after every record: each snapshot is dropped once there is a newer one.
void append_getvalue_rows() {
  constexpr std::size_t kSize = 4 * kKiB;
  const std::size_t rounds = scaled(2000);
  python_row("append/4 KiB + getvalue", "append_getvalue", {rounds, kSize})->Iterations(1);
  for_each_writer([&]<class Writer>() {
    long_row("append/4 KiB + getvalue", Writer::kName, [=](benchmark::State& state) {
      for (auto _ : state) {
        Writer writer;
        auto snapshot = writer.snapshot();
        for (std::size_t i = 0; i < rounds; ++i) {
          writer.append(piece<kSize>().data(), kSize);
          snapshot = writer.snapshot();
          benchmark::DoNotOptimize(snapshot);
        }
      }
      count_items(state, rounds);
    });
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t of_8 = scaled(10'000'000);
  const std::size_t of_100 = scaled(1'000'000);
  const std::size_t of_4_kib = scaled(25'600);
  const std::size_t of_1_mib = scaled(50);
  python_row("append/100 B", "build_once", {of_100 * 100, 100})->Iterations(1);
  python_row("append/1 MiB", "build_once", {of_1_mib * kMiB, kMiB})->Iterations(1);
  cold_rows<8>(of_8);
  cold_rows<100>(of_100);
  cold_rows<4 * kKiB>(of_4_kib);
  cold_rows<kMiB>(of_1_mib);
  for (const std::size_t size : huge_sizes()) {
    huge_row<QuireWriter>(size);
    huge_row<StringWriter>(size);
    huge_row<StringstreamWriter>(size);
#ifdef QUIRE_BENCH_HAS_ABSL
    huge_row<CordWriter>(size);
#endif
  }
  repeated_rows<8>(of_8);
  repeated_rows<100>(of_100);
  repeated_rows<4 * kKiB>(of_4_kib);
  repeated_rows<kMiB>(of_1_mib);
  append_getvalue_rows();
  return run(argc, argv);
}
