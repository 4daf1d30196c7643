// The seeds' table: what each way of getting at the bytes of a large stream costs in time and in
// memory, for quire and its peers. docs/benchmarks.md keeps it.
//
// Cord has no contiguous bytes: Flatten() stands for getbuffer. It cannot be written to either: it is
// put together again around the byte.

#include <cstddef>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "bench.h"
#include "peers.h"
#include "quire/bytes_io.h"
#include "trial.h"

namespace {

using namespace bench;

struct QuireTable {
  static constexpr const char* kName = "quire";

  void append(const std::string& piece) { stream.write(piece); }

  auto read() {
    stream.seek(0);
    return stream.read();
  }

  auto buffer() { return stream.getbuffer(); }

  auto value() { return stream.getvalue(); }

  auto copy_of(const quire::MutableMemoryView& view) { return view.tobytes(); }

  void write_byte(std::size_t at) { stream.write_at(at, "y"); }

  auto slice(const quire::Bytes& value) { return value.slice(1024); }

  quire::BytesIO stream;
};

struct StringstreamTable {
  static constexpr const char* kName = "std::stringstream";

  void append(const std::string& piece) {
    stream.rdbuf()->sputn(piece.data(), static_cast<std::streamsize>(piece.size()));
  }

  auto read() {
    std::string all(stream.view().size(), '\0');
    stream.rdbuf()->sgetn(all.data(), static_cast<std::streamsize>(all.size()));
    return all;
  }

  auto buffer() { return stream.view(); }

  auto value() { return stream.str(); }

  auto copy_of(std::string_view view) { return std::string(view); }

  void write_byte(std::size_t at) {
    stream.rdbuf()->pubseekpos(static_cast<std::streamoff>(at), std::ios::out);
    stream.rdbuf()->sputc('y');
  }

  auto slice(const std::string& value) { return value.substr(1024); }

  std::stringstream stream;
};

#ifdef QUIRE_BENCH_HAS_QT
struct QBufferTable {
  static constexpr const char* kName = "QBuffer";

  QBufferTable() { stream.open(QIODevice::ReadWrite | QIODevice::Unbuffered); }

  void append(const std::string& piece) {
    stream.write(piece.data(), static_cast<qint64>(piece.size()));
  }

  auto read() {
    stream.seek(0);
    return stream.readAll();
  }

  auto buffer() {
    return std::string_view(stream.data().constData(), static_cast<std::size_t>(stream.size()));
  }

  auto value() { return stream.data(); }

  auto copy_of(std::string_view view) {
    return QByteArray(view.data(), static_cast<int>(view.size()));
  }

  void write_byte(std::size_t at) {
    stream.seek(static_cast<qint64>(at));
    stream.putChar('y');
  }

  auto slice(const QByteArray& value) { return value.mid(1024); }

  QBuffer stream;
};
#endif

#ifdef QUIRE_BENCH_HAS_ABSL
struct CordTable {
  static constexpr const char* kName = "absl::Cord";

  void append(const std::string& piece) { cord.Append(absl::string_view(piece)); }

  auto read() { return std::string(cord); }

  auto buffer() { return cord.Flatten(); }

  auto value() { return cord; }

  auto copy_of(absl::string_view view) { return std::string(view); }

  void write_byte(std::size_t at) {
    absl::Cord changed = cord.Subcord(0, at);
    changed.Append("y");
    changed.Append(cord.Subcord(at + 1, cord.size()));
    cord = std::move(changed);
  }

  auto slice(const absl::Cord& value) { return value.Subcord(1024, value.size()); }

  absl::Cord cord;
};
#endif

constexpr const char* kSteps[] = {"create",
                                  "read all",
                                  "getbuffer",
                                  "getvalue",
                                  "bytes(view)",
                                  "write after getvalue",
                                  "getvalue with buffer",
                                  "slice minus 1 KiB"};

template <class Table>
void create(Table& table, std::size_t size) {
  const std::string piece = random_text(kMiB);
  for (std::size_t at = 0; at < size; at += piece.size()) table.append(piece);
}

/// What `body()` gives is kept until it has been measured.
template <class Body>
void measure_result(Trial& trial, Body body) {
  std::optional<decltype(body())> result;
  trial.measure([&] { result.emplace(body()); });
}

template <class Table>
void run_step(Trial& trial, std::size_t step, std::size_t size) {
  Table table;
  if (step == 0) return trial.measure([&] { create(table, size); });
  create(table, size);
  switch (step) {
    case 1:
      return measure_result(trial, [&] { return table.read(); });
    case 2:
      return measure_result(trial, [&] { return table.buffer(); });
    case 3:
      return measure_result(trial, [&] { return table.value(); });
    case 4: {
      const auto view = table.buffer();
      return measure_result(trial, [&] { return table.copy_of(view); });
    }
    case 5: {
      [[maybe_unused]] const auto value = table.value();
      return trial.measure([&] { table.write_byte(size / 2); });
    }
    case 6: {
      [[maybe_unused]] const auto view = table.buffer();
      return measure_result(trial, [&] { return table.value(); });
    }
    default: {
      const auto value = table.value();
      return measure_result(trial, [&] { return table.slice(value); });
    }
  }
}

template <class Table>
void rows_of(std::size_t step, std::size_t size, const std::string& workload) {
  once_row(workload, Table::kName, [=](Trial& trial) { run_step<Table>(trial, step, size); });
}

void table_rows(std::size_t size) {
  for (std::size_t step = 0; step < std::size(kSteps); ++step) {
    const std::string workload = "table/" + size_name(size) + " " + kSteps[step];
    rows_of<QuireTable>(step, size, workload);
    python_row(workload, "table", {size, step})->Iterations(1);
    rows_of<StringstreamTable>(step, size, workload);
#ifdef QUIRE_BENCH_HAS_QT
    rows_of<QBufferTable>(step, size, workload);
#endif
#ifdef QUIRE_BENCH_HAS_ABSL
    rows_of<CordTable>(step, size, workload);
#endif
  }
}

}  // namespace

int main(int argc, char** argv) {
  table_rows(smoke() ? 2 * kMiB : 50 * kMiB);
  if (has_room_for_gib()) table_rows(kGiB);
  return run(argc, argv);
}
