// Sharing: what a handle costs (copy + drop, slice), what a snapshot costs, and what the stream
// pays afterwards. The yardstick is one atomic increment and decrement, timed in the same run.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench.h"
#include "peers.h"
#include "quire/bytes_io.h"

namespace {

using namespace bench;

/// Times `body()` alone; its result is kept until it has been dropped.
template <class Body>
void repeat(benchmark::State& state, Body body) {
  for (auto _ : state) {
    const auto result = body();
    benchmark::DoNotOptimize(result);
  }
  count_items(state, 1);
}

/// The least that counting owners from several threads can cost.
void yardstick(benchmark::State& state) {
  const auto owners = std::make_unique<std::uint64_t>(1);
  benchmark::DoNotOptimize(owners.get());
  for (auto _ : state) {
    std::atomic_ref(*owners).fetch_add(1, std::memory_order_relaxed);
    std::atomic_ref(*owners).fetch_sub(1, std::memory_order_acq_rel);
  }
  count_items(state, 1);
}

std::string big_text() {
  return std::string(scaled(kMiB), 'x');
}

void handle_rows() {
  row("share/copy + drop", "atomic ++ --", yardstick);
  row("share/copy + drop", "quire", [](benchmark::State& state) {
    const quire::Bytes bytes(big_text());
    repeat(state, [&] { return bytes; });
  });
  row("share/copy + drop", "shared_ptr<string>", [](benchmark::State& state) {
    const auto string = std::make_shared<const std::string>(big_text());
    repeat(state, [&] { return string; });
  });
#ifdef QUIRE_BENCH_HAS_ABSL
  row("share/copy + drop", "absl::Cord", [](benchmark::State& state) {
    const absl::Cord cord(big_text());
    repeat(state, [&] { return cord; });
  });
#endif
#ifdef QUIRE_BENCH_HAS_QT
  row("share/copy + drop", "QByteArray", [](benchmark::State& state) {
    const QByteArray array(static_cast<int>(scaled(kMiB)), 'x');
    repeat(state, [&] { return array; });
  });
#endif

  for (const std::size_t size : {std::size_t{64}, kKiB}) {
    const std::string workload = "share/slice " + size_name(size);
    // A place that the compiler does not know.
    std::ptrdiff_t at = 1000;
    benchmark::DoNotOptimize(at);
    const auto end = at + static_cast<std::ptrdiff_t>(size);
    row(workload, "atomic ++ --", yardstick);
    row(workload, "quire", [=](benchmark::State& state) {
      const quire::Bytes bytes(big_text());
      repeat(state, [&] { return bytes.slice(at, end); });
    });
    row(workload, "string_view, not owned", [=](benchmark::State& state) {
      const std::string string = big_text();
      repeat(state,
             [&] { return std::string_view(string).substr(static_cast<std::size_t>(at), size); });
    });
    row(workload, "std::string copy", [=](benchmark::State& state) {
      const std::string string = big_text();
      repeat(state, [&] { return string.substr(static_cast<std::size_t>(at), size); });
    });
#ifdef QUIRE_BENCH_HAS_ABSL
    row(workload, "absl::Cord", [=](benchmark::State& state) {
      const absl::Cord cord(big_text());
      repeat(state, [&] { return cord.Subcord(static_cast<std::size_t>(at), size); });
    });
#endif
#ifdef QUIRE_BENCH_HAS_QT
    row(workload, "QByteArray copy", [=](benchmark::State& state) {
      const QByteArray array(static_cast<int>(scaled(kMiB)), 'x');
      repeat(state, [&] { return array.mid(static_cast<int>(at), static_cast<int>(size)); });
    });
#endif
  }
}

// How often a row runs whose data is huge.
constexpr benchmark::IterationCount kSharing = 1'000'000;
constexpr benchmark::IterationCount kCopying = 1;

// Rows of huge data: `body(object)` alone is timed, and what it returns is dropped.

template <class Body>
void stream_row(const std::string& workload, std::size_t size, Body body) {
  limit_runs(row(workload, "quire",
                 [=](benchmark::State& state) {
                   quire::BytesIO stream;
                   stream.resize(size);
                   repeat(state, [&] { return body(stream); });
                 }),
             size, kSharing);
}

template <class Body>
void string_row(const std::string& workload, std::size_t size, Body body) {
  limit_runs(row(workload, "std::string copy",
                 [=](benchmark::State& state) {
                   const std::string string(size, 'x');
                   repeat(state, [&] { return body(string); });
                 }),
             size, kCopying);
}

#ifdef QUIRE_BENCH_HAS_ABSL
template <class Body>
void cord_row(const std::string& workload, std::size_t size, Body body) {
  limit_runs(row(workload, "absl::Cord",
                 [=](benchmark::State& state) {
                   const absl::Cord cord(std::string(size, 'x'));
                   repeat(state, [&] { return body(cord); });
                 }),
             size, kSharing);
}
#endif

/// A part far larger than what anybody copies.
void half_rows(std::size_t size) {
  const std::string workload = "share/slice half of " + size_name(size);
  const std::size_t half = size / 2;
  row(workload, "atomic ++ --", yardstick);
  stream_row(workload, size,
             [=](const quire::BytesIO& stream) { return stream.slice(half, size); });
  string_row(workload, size, [=](const std::string& string) { return string.substr(half); });
#ifdef QUIRE_BENCH_HAS_ABSL
  cord_row(workload, size, [=](const absl::Cord& cord) { return cord.Subcord(half, half); });
#endif
}

void getvalue_rows(std::size_t size) {
  const std::string workload = "getvalue/" + size_name(size);
  stream_row(workload, size, [](const quire::BytesIO& stream) { return stream.getvalue(); });
  limit_runs(row(workload, "quire copy + drop",
                 [=](benchmark::State& state) {
                   quire::BytesIO stream;
                   stream.resize(size);
                   const quire::Bytes value = stream.getvalue();
                   repeat(state, [&] { return value; });
                 }),
             size, kSharing);
  limit_runs(row(workload, "std::stringstream",
                 [=](benchmark::State& state) {
                   const std::stringstream stream(std::string(size, 'x'));
                   repeat(state, [&] { return stream.str(); });
                 }),
             size, kCopying);
#ifdef QUIRE_BENCH_HAS_ABSL
  cord_row(workload, size, [](const absl::Cord& cord) { return cord; });
#endif
#ifdef QUIRE_BENCH_HAS_QT
  if (size < kGiB) {
    limit_runs(row(workload, "QBuffer",
                   [=](benchmark::State& state) {
                     QBuffer buffer;
                     buffer.setData(QByteArray(static_cast<int>(size), 'x'));
                     repeat(state, [&] { return buffer.data(); });
                   }),
               size, kCopying);
  }
#endif
#ifdef QUIRE_BENCH_HAS_BOOST
  // Past 2 GiB its buffer loses count (pbump takes an int) and vector() is cut short.
  if (size >= 2 * kGiB) return;
  limit_runs(row(workload, "boost vectorstream",
                 [=](benchmark::State& state) {
                   const boost::interprocess::basic_vectorstream<std::vector<char>> stream(
                       std::vector<char>(size, 'x'));
                   repeat(state, [&] { return stream.vector(); });
                 }),
             size, kCopying);
#endif
}

// A second stream with the same bytes, or, where the peer has none, a second value.
void clone_rows(std::size_t size) {
  const std::string workload = "clone/" + size_name(size);
  stream_row(workload, size, [](const quire::BytesIO& stream) { return stream.clone(); });
  string_row(workload, size, [](const std::string& string) { return string; });
#ifdef QUIRE_BENCH_HAS_ABSL
  cord_row(workload, size, [](const absl::Cord& cord) { return cord; });
#endif
#ifdef QUIRE_BENCH_HAS_QT
  if (size >= 2 * kGiB) return;  // more than Qt 5 can hold
  limit_runs(row(workload, "QBuffer",
                 [=](benchmark::State& state) {
                   QBuffer buffer;
                   buffer.setData(QByteArray(static_cast<int>(size), 'x'));
                   for (auto _ : state) {
                     QBuffer twin;
                     twin.setData(buffer.data());
                     twin.open(QIODevice::ReadWrite);
                     benchmark::DoNotOptimize(twin);
                   }
                   count_items(state, 1);
                 }),
             size, kSharing);
  limit_runs(row(workload, "QByteArray",
                 [=](benchmark::State& state) {
                   const QByteArray array(static_cast<int>(size), 'x');
                   repeat(state, [&] { return array; });
                 }),
             size, kSharing);
#endif
}

// One byte in the middle while a snapshot lives; then the next snapshot, which takes the place of
// the one before.
void write_after_rows(std::size_t size) {
  const std::string workload = "getvalue/" + size_name(size) + ", write 1 B";
  const std::size_t middle = size / 2;
  long_row(workload, "quire", [=](benchmark::State& state) {
    quire::BytesIO stream;
    stream.resize(size);
    for (auto _ : state) {
      const quire::Bytes snapshot = stream.getvalue();
      stream.write_at(middle, "y");
      benchmark::DoNotOptimize(snapshot.data());
    }
  });
  // These copy at once, whether or not a write follows.
  long_row(workload, "std::stringstream", [=](benchmark::State& state) {
    std::stringstream stream(std::string(size, 'x'));
    for (auto _ : state) {
      const std::string snapshot = stream.str();
      stream.rdbuf()->pubseekpos(static_cast<std::streamoff>(middle), std::ios::out);
      stream.rdbuf()->sputc('y');
      benchmark::DoNotOptimize(snapshot.data());
    }
  });
#ifdef QUIRE_BENCH_HAS_ABSL
  long_row(workload, "absl::Cord", [=](benchmark::State& state) {
    absl::Cord cord;
    const std::string chunk(64 * kKiB, 'x');
    while (cord.size() < size) cord.Append(chunk);
    for (auto _ : state) {
      const absl::Cord snapshot = cord;
      // A Cord cannot be written to: it is put together again around the byte.
      absl::Cord changed = cord.Subcord(0, middle);
      changed.Append("y");
      changed.Append(cord.Subcord(middle + 1, size));
      cord = std::move(changed);
      benchmark::DoNotOptimize(snapshot);
    }
  });
#endif
#ifdef QUIRE_BENCH_HAS_QT
  long_row(workload, "QBuffer", [=](benchmark::State& state) {
    QBuffer buffer;
    buffer.setData(QByteArray(static_cast<int>(size), 'x'));
    buffer.open(QIODevice::ReadWrite | QIODevice::Unbuffered);
    for (auto _ : state) {
      const QByteArray snapshot = buffer.data();
      buffer.seek(static_cast<qint64>(middle));
      buffer.putChar('y');
      benchmark::DoNotOptimize(snapshot.constData());
    }
  });
#endif
}

void getbuffer_rows() {
  const std::size_t size = kMiB;
  const std::string workload = "getbuffer/" + size_name(size);
  row(workload, "quire", [=](benchmark::State& state) {
    quire::BytesIO stream;
    stream.resize(size);
    repeat(state, [&] { return stream.getbuffer(); });
  });
  row(workload, "string_view, not owned", [=](benchmark::State& state) {
    const std::stringstream stream(std::string(size, 'x'));
    repeat(state, [&] { return stream.view(); });
  });
#ifdef QUIRE_BENCH_HAS_QT
  row(workload, "QBuffer, not owned", [=](benchmark::State& state) {
    QBuffer buffer;
    buffer.setData(QByteArray(static_cast<int>(size), 'x'));
    repeat(state, [&] { return buffer.buffer().data(); });
  });
#endif
}

// A message: a stream is made, written to, its value taken and dropped.
void life_rows() {
  constexpr std::size_t kSize = 100;
  const std::string workload = "life/100 B";
  const std::string content = random_text(kSize);
  row(workload, "quire", [=](benchmark::State& state) {
    repeat(state, [&] {
      quire::BytesIO stream;
      stream.write(content);
      return stream.getvalue();
    });
  });
  row(workload, "shared_ptr<string>", [=](benchmark::State& state) {
    repeat(state, [&] { return std::make_shared<std::string>(content.data(), kSize); });
  });
  row(workload, "std::stringstream", [=](benchmark::State& state) {
    repeat(state, [&] {
      std::stringstream stream;
      stream.rdbuf()->sputn(content.data(), kSize);
      return stream.str();
    });
  });
#ifdef QUIRE_BENCH_HAS_ABSL
  row(workload, "absl::Cord", [=](benchmark::State& state) {
    repeat(state, [&] {
      absl::Cord cord;
      cord.Append(absl::string_view(content));
      return cord;
    });
  });
#endif
#ifdef QUIRE_BENCH_HAS_QT
  row(workload, "QBuffer", [=](benchmark::State& state) {
    repeat(state, [&] {
      QBuffer buffer;
      buffer.open(QIODevice::ReadWrite);
      buffer.write(content.data(), kSize);
      return buffer.data();
    });
  });
  row(workload, "QByteArray", [=](benchmark::State& state) {
    repeat(state, [&] { return QByteArray(content.data(), kSize); });
  });
#endif
#ifdef QUIRE_BENCH_HAS_BOOST
  row(workload, "boost vectorstream", [=](benchmark::State& state) {
    repeat(state, [&] {
      boost::interprocess::basic_vectorstream<std::vector<char>> stream;
      stream.rdbuf()->sputn(content.data(), kSize);
      return std::vector<char>(stream.vector());
    });
  });
#endif
}

}  // namespace

int main(int argc, char** argv) {
  handle_rows();
  for (const std::size_t size : {kKiB, 64 * kKiB, kMiB, 100 * kMiB}) {
    if (size > scaled(100 * kMiB)) continue;
    getvalue_rows(size);
    clone_rows(size);
  }
  for (const std::size_t size : huge_sizes()) {
    half_rows(size);
    getvalue_rows(size);
    clone_rows(size);
  }
  write_after_rows(kMiB);
  if (!smoke()) write_after_rows(100 * kMiB);
  getbuffer_rows();
  life_rows();
  return run(argc, argv);
}
