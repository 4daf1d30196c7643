// What the seeds time, on their sizes: docs/seeds.md puts the results beside theirs.

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

#include "bench.h"
#include "quire/quire.h"

namespace {

using namespace bench;
using quire::Bytes;
using quire::BytesIO;
using quire::FileIO;

constexpr std::size_t kMegabyte = 1'000'000;

BytesIO megabyte() {
  return BytesIO(Bytes(kMegabyte, std::byte{'f'}));
}

/// Times `body()`, which is given a stream of a megabyte.
template <class Body>
void stream_row(const std::string& workload, std::string_view peer, Body body) {
  row(workload, peer, [=](benchmark::State& state) {
    BytesIO i = megabyte();
    for (auto _ : state) body(i);
    count_items(state, 1);
  });
}

void getvalue_rows() {
  stream_row("seeds/getvalue 1 MB", "quire",
             [](BytesIO& i) { benchmark::DoNotOptimize(i.getvalue()); });
  stream_row("seeds/getbuffer 1 MB", "quire",
             [](BytesIO& i) { benchmark::DoNotOptimize(i.getbuffer()); });
  stream_row("seeds/getbuffer and getvalue 1 MB", "quire", [](BytesIO& i) {
    benchmark::DoNotOptimize(i.getbuffer());
    benchmark::DoNotOptimize(i.getvalue());
  });
  row("seeds/getvalue 1 MB, a buffer lying around", "quire", [](benchmark::State& state) {
    BytesIO i = megabyte();
    const quire::MutableMemoryView x = i.getbuffer();
    for (auto _ : state) benchmark::DoNotOptimize(i.getvalue());
    count_items(state, 1);
  });
}

/// 64 bytes read at one place and written at another, both at random.
class Places {
 public:
  [[nodiscard]] std::size_t next() { return random_() % (kMegabyte - 64); }

 private:
  std::minstd_rand random_{7};
};

void interleaved_rows() {
  const std::string workload = "seeds/read and write 64 B at random in 1 MB";
  row(workload, "seek, read, write", [](benchmark::State& state) {
    BytesIO i = megabyte();
    Places places;
    for (auto _ : state) {
      i.seek(static_cast<std::ptrdiff_t>(places.next()));
      const Bytes piece = i.read(64);
      i.seek(static_cast<std::ptrdiff_t>(places.next()));
      i.write(piece);
    }
    count_items(state, 1);
  });
  row(workload, "read_at, write_at", [](benchmark::State& state) {
    BytesIO i = megabyte();
    Places places;
    for (auto _ : state) i.write_at(places.next(), i.read_at(places.next(), 64));
    count_items(state, 1);
  });
  row(workload, "getbuffer, as a span", [](benchmark::State& state) {
    BytesIO i = megabyte();
    const quire::MutableMemoryView pin = i.getbuffer();
    const quire::MutableByteSpan buffer = pin;
    Places places;
    for (auto _ : state) {
      std::memmove(buffer.data() + places.next(), buffer.data() + places.next(), 64);
      benchmark::ClobberMemory();
    }
    count_items(state, 1);
  });
  row(workload, "getbuffer, as views", [](benchmark::State& state) {
    BytesIO i = megabyte();
    const quire::MutableMemoryView buffer = i.getbuffer();
    Places places;
    for (auto _ : state) {
      const std::size_t from = places.next();
      const std::size_t to = places.next();
      buffer.slice(to, to + 64).assign(buffer.slice(from, from + 64));
    }
    count_items(state, 1);
  });
  // The slice lives until it is written, so the write must leave the block.
  row(workload, "write a slice of getvalue", [](benchmark::State& state) {
    BytesIO i = megabyte();
    Places places;
    for (auto _ : state) {
      const std::size_t from = places.next();
      i.write_at(places.next(), i.getvalue().slice(from, from + 64));
    }
    count_items(state, 1);
  });
}

void slice_rows() {
  const std::string workload = "seeds/all but the first KiB of 10 MB";
  const std::string text(10 * kMegabyte, 'x');
  row(workload, "quire view", [=](benchmark::State& state) {
    const quire::MemoryView view(text);
    for (auto _ : state) benchmark::DoNotOptimize(view.slice(1024));
  });
  row(workload, "quire slice", [=](benchmark::State& state) {
    const Bytes bytes(text);
    for (auto _ : state) benchmark::DoNotOptimize(bytes.slice(1024));
  });
  row(workload, "std::string copy", [=](benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(text.substr(1024));
  });
}

/// An image of 4.5 MB written once and read once.
void round_trip_rows() {
  const std::string workload = "seeds/4.5 MB written and read";
  const std::string image = random_text(4'500'000);
  const std::string path =
      std::filesystem::temp_directory_path() / ("quire-bench." + std::to_string(::getpid()));
  long_row(workload, "quire", [=](benchmark::State& state) {
    for (auto _ : state) {
      BytesIO stream;
      stream.write(image);
      stream.seek(0);
      benchmark::DoNotOptimize(stream.read());
    }
    count_bytes(state, image.size());
  });
  long_row(workload, "file by quire", [=](benchmark::State& state) {
    for (auto _ : state) {
      FileIO file(path, "w+");
      file.write(image);
      file.seek(0);
      benchmark::DoNotOptimize(file.read());
      std::filesystem::remove(path);
    }
    count_bytes(state, image.size());
  });
  long_row(workload, "std::fstream", [=](benchmark::State& state) {
    for (auto _ : state) {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary | std::ios::trunc);
      file.write(image.data(), static_cast<std::streamsize>(image.size()));
      file.seekg(0);
      std::string copy(image.size(), '\0');
      file.read(copy.data(), static_cast<std::streamsize>(copy.size()));
      benchmark::DoNotOptimize(copy);
      std::filesystem::remove(path);
    }
    count_bytes(state, image.size());
  });
}

/// Many pieces made into one: written to a stream, or collected and joined.
void join_rows() {
  const std::size_t count = scaled(100'000);
  const std::string workload = "seeds/100 B pieces into one";
  const std::string piece = random_text(100);
  long_row(workload, "quire", [=](benchmark::State& state) {
    for (auto _ : state) {
      BytesIO stream;
      for (std::size_t i = 0; i < count; ++i) stream.write(piece);
      benchmark::DoNotOptimize(stream.getvalue());
    }
    count_items(state, count);
  });
  long_row(workload, "quire join", [=](benchmark::State& state) {
    for (auto _ : state) {
      std::vector<std::string> pieces;
      for (std::size_t i = 0; i < count; ++i) pieces.push_back(piece);
      benchmark::DoNotOptimize(Bytes().join(pieces));
    }
    count_items(state, count);
  });
  long_row(workload, "std::string", [=](benchmark::State& state) {
    for (auto _ : state) {
      std::string result;
      for (std::size_t i = 0; i < count; ++i) result += piece;
      benchmark::DoNotOptimize(result);
    }
    count_items(state, count);
  });
}

}  // namespace

int main(int argc, char** argv) {
  getvalue_rows();
  interleaved_rows();
  slice_rows();
  round_trip_rows();
  join_rows();
  return run(argc, argv);
}
