// Numbers in and out of bytes by a format, against the same by hand.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>
#include <vector>

#include "bench.h"
#include "peers.h"
#include "quire/bytes.h"
#include "quire/struct.h"

namespace {

using namespace bench;

constexpr std::size_t kRowSize = 24;
constexpr std::size_t kRows = 1000;

struct Record {
  std::uint32_t id;
  std::uint16_t kind;
  std::uint8_t flags;
  std::uint8_t version;
  std::uint64_t time;
  double value;
};

constexpr Record kRecord{0x01020304, 0x0506, 7, 8, 0x090a0b0c0d0e0f10, 2.5};

std::uint16_t swapped(std::uint16_t value) {
  return __builtin_bswap16(value);
}

std::uint32_t swapped(std::uint32_t value) {
  return __builtin_bswap32(value);
}

std::uint64_t swapped(std::uint64_t value) {
  return __builtin_bswap64(value);
}

std::uint8_t swapped(std::uint8_t value) {
  return value;
}

double swapped(double value) {
  return std::bit_cast<double>(__builtin_bswap64(std::bit_cast<std::uint64_t>(value)));
}

/// Big endian by hand, on a little-endian machine.
template <class T>
char* put(char* to, T value) {
  const T big = swapped(value);
  std::memcpy(to, &big, sizeof big);
  return to + sizeof big;
}

template <class T>
const char* get(const char* from, T& value) {
  std::memcpy(&value, from, sizeof value);
  value = swapped(value);
  return from + sizeof value;
}

void pack_by_hand(char* to, const Record& record) {
  to = put(to, record.id);
  to = put(to, record.kind);
  to = put(to, record.flags);
  to = put(to, record.version);
  to = put(to, record.time);
  put(to, record.value);
}

Record unpack_by_hand(const char* from) {
  Record record;
  from = get(from, record.id);
  from = get(from, record.kind);
  from = get(from, record.flags);
  from = get(from, record.version);
  from = get(from, record.time);
  get(from, record.value);
  return record;
}

/// Many rows a pass, as in a file of records.
template <class Pass>
void passes(benchmark::State& state, Pass pass) {
  for (auto _ : state) pass();
  count_items(state, kRows);
  count_bytes(state, kRows * kRowSize);
}

std::string packed_rows() {
  std::string rows(kRows * kRowSize, '\0');
  for (std::size_t i = 0; i < kRows; ++i) pack_by_hand(rows.data() + i * kRowSize, kRecord);
  return rows;
}

void pack_rows() {
  const std::string workload = "struct/pack 1000 x >IHBBQd";
  row(workload, "quire", [](benchmark::State& state) {
    const quire::Struct format(">IHBBQd");
    std::vector<char> rows(kRows * kRowSize);
    Record r = kRecord;
    passes(state, [&] {
      for (std::size_t i = 0; i < kRows; ++i) {
        benchmark::DoNotOptimize(r);
        format.pack_into(rows, static_cast<std::ptrdiff_t>(i * kRowSize), r.id, r.kind, r.flags,
                         r.version, r.time, r.value);
      }
      benchmark::DoNotOptimize(rows.data());
    });
  });
  row(workload, "by hand", [](benchmark::State& state) {
    std::vector<char> rows(kRows * kRowSize);
    Record r = kRecord;
    passes(state, [&] {
      for (std::size_t i = 0; i < kRows; ++i) {
        benchmark::DoNotOptimize(r);
        pack_by_hand(rows.data() + i * kRowSize, r);
      }
      benchmark::DoNotOptimize(rows.data());
    });
  });
#ifdef QUIRE_BENCH_HAS_QT
  row(workload, "QDataStream", [](benchmark::State& state) {
    QByteArray rows;
    QDataStream stream(&rows, QIODevice::WriteOnly);
    Record r = kRecord;
    passes(state, [&] {
      stream.device()->seek(0);
      for (std::size_t i = 0; i < kRows; ++i) {
        benchmark::DoNotOptimize(r);
        stream << r.id << r.kind << r.flags << r.version << static_cast<quint64>(r.time) << r.value;
      }
      benchmark::DoNotOptimize(rows.constData());
    });
  });
#endif
}

void unpack_rows() {
  const std::string workload = "struct/unpack 1000 x >IHBBQd";
  row(workload, "quire", [](benchmark::State& state) {
    const quire::Struct format(">IHBBQd");
    const std::string rows = packed_rows();
    passes(state, [&] {
      for (std::size_t i = 0; i < kRows; ++i) {
        benchmark::DoNotOptimize(format.unpack_from<std::uint32_t, std::uint16_t, std::uint8_t,
                                                    std::uint8_t, std::uint64_t, double>(
            rows, static_cast<std::ptrdiff_t>(i * kRowSize)));
      }
    });
  });
  row(workload, "quire dynamic", [](benchmark::State& state) {
    const quire::Struct format(">IHBBQd");
    const std::string rows = packed_rows();
    passes(state, [&] {
      for (std::size_t i = 0; i < kRows; ++i) {
        benchmark::DoNotOptimize(
            format.unpack_from(rows, static_cast<std::ptrdiff_t>(i * kRowSize)));
      }
    });
  });
  row(workload, "quire read<T>", [](benchmark::State& state) {
    const quire::Bytes rows(packed_rows());
    passes(state, [&] {
      for (std::size_t at = 0; at < rows.size(); at += kRowSize) {
        constexpr auto kBig = std::endian::big;
        const Record record{
            rows.read<std::uint32_t>(at, kBig),     rows.read<std::uint16_t>(at + 4, kBig),
            rows.read<std::uint8_t>(at + 6, kBig),  rows.read<std::uint8_t>(at + 7, kBig),
            rows.read<std::uint64_t>(at + 8, kBig), rows.read<double>(at + 16, kBig)};
        benchmark::DoNotOptimize(record);
      }
    });
  });
  row(workload, "by hand", [](benchmark::State& state) {
    const std::string rows = packed_rows();
    passes(state, [&] {
      for (std::size_t i = 0; i < kRows; ++i) {
        benchmark::DoNotOptimize(unpack_by_hand(rows.data() + i * kRowSize));
      }
    });
  });
#ifdef QUIRE_BENCH_HAS_QT
  row(workload, "QDataStream", [](benchmark::State& state) {
    const std::string packed = packed_rows();
    const QByteArray rows(packed.data(), static_cast<int>(packed.size()));
    QDataStream stream(rows);
    passes(state, [&] {
      stream.device()->seek(0);
      for (std::size_t i = 0; i < kRows; ++i) {
        Record r;
        quint64 time = 0;
        stream >> r.id >> r.kind >> r.flags >> r.version >> time >> r.value;
        r.time = time;
        benchmark::DoNotOptimize(r);
      }
    });
  });
#endif
}

}  // namespace

int main(int argc, char** argv) {
  pack_rows();
  unpack_rows();
  return run(argc, argv);
}
