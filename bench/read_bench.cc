// Reading: through a text in pieces, into the caller's memory and as values that live by
// themselves, and at random places.

#include <algorithm>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "bench.h"
#include "peers.h"
#include "quire/bytes_io.h"

namespace {

using namespace bench;

const std::string& text() {
  static const std::string text = random_text(text_size());
  return text;
}

/// Reads the text to its end, again and again: `read(size, at)` says how much it got at offset
/// `at`, where it stands already unless that is 0.
template <class Read>
void walk(benchmark::State& state, std::size_t size, Read read) {
  for (auto _ : state) {
    std::size_t done = 0;
    while (const std::size_t got = read(size, done)) done += got;
    if (done != text().size()) state.SkipWithError("not read to the end");
  }
  count_bytes(state, text().size());
  count_items(state, text().size() / size);
}

void read_into_rows(std::size_t size) {
  const std::string workload = "read/" + size_name(size);
  long_row(workload, "quire", [=](benchmark::State& state) {
    quire::BytesIO stream(text());
    std::vector<char> target(size);
    walk(state, size, [&](std::size_t, std::size_t at) {
      if (at == 0) stream.seek(0);
      const std::size_t got = stream.readinto(target);
      benchmark::DoNotOptimize(target.data());
      return got;
    });
  });
  long_row(workload, "memcpy", [=](benchmark::State& state) {
    std::vector<char> target(size);
    walk(state, size, [&](std::size_t wanted, std::size_t at) {
      const std::size_t count = std::min(wanted, text().size() - at);
      std::memcpy(target.data(), text().data() + at, count);
      benchmark::DoNotOptimize(target.data());
      return count;
    });
  });
  long_row(workload, "std::stringstream", [=](benchmark::State& state) {
    std::stringstream stream(text());
    std::vector<char> target(size);
    walk(state, size, [&](std::size_t wanted, std::size_t at) {
      if (at == 0) stream.rdbuf()->pubseekpos(0, std::ios::in);
      const auto got = stream.rdbuf()->sgetn(target.data(), static_cast<std::streamsize>(wanted));
      benchmark::DoNotOptimize(target.data());
      return static_cast<std::size_t>(got);
    });
  });
#ifdef QUIRE_BENCH_HAS_ABSL
  long_row(workload, "absl::Cord", [=](benchmark::State& state) {
    const absl::Cord cord{absl::string_view(text())};
    std::vector<char> target(size);
    auto chunk = cord.chunk_begin();
    absl::string_view left;
    walk(state, size, [&](std::size_t wanted, std::size_t at) {
      if (at == 0) {
        chunk = cord.chunk_begin();
        left = *chunk;
      }
      std::size_t filled = 0;
      while (filled < wanted) {
        if (left.empty()) {
          if (chunk == cord.chunk_end() || ++chunk == cord.chunk_end()) break;
          left = *chunk;
        }
        const std::size_t count = std::min(wanted - filled, left.size());
        std::memcpy(target.data() + filled, left.data(), count);
        left.remove_prefix(count);
        filled += count;
      }
      benchmark::DoNotOptimize(target.data());
      return filled;
    });
  });
#endif
#ifdef QUIRE_BENCH_HAS_QT
  long_row(workload, "QBuffer", [=](benchmark::State& state) {
    QBuffer buffer;
    buffer.setData(text().data(), static_cast<int>(text().size()));
    // Unbuffered: QIODevice would copy once more.
    buffer.open(QIODevice::ReadOnly | QIODevice::Unbuffered);
    std::vector<char> target(size);
    walk(state, size, [&](std::size_t wanted, std::size_t at) {
      if (at == 0) buffer.seek(0);
      const auto got = buffer.read(target.data(), static_cast<qint64>(wanted));
      benchmark::DoNotOptimize(target.data());
      return static_cast<std::size_t>(got);
    });
  });
#endif
#ifdef QUIRE_BENCH_HAS_BOOST
  long_row(workload, "boost bufferstream", [=](benchmark::State& state) {
    std::string content = text();
    boost::interprocess::bufferstream stream(content.data(), content.size(), std::ios::in);
    std::vector<char> target(size);
    walk(state, size, [&](std::size_t wanted, std::size_t at) {
      if (at == 0) stream.rdbuf()->pubseekpos(0, std::ios::in);
      const auto got = stream.rdbuf()->sgetn(target.data(), static_cast<std::streamsize>(wanted));
      benchmark::DoNotOptimize(target.data());
      return static_cast<std::size_t>(got);
    });
  });
#endif
}

void read_value_rows(std::size_t size) {
  const std::string workload = "read/" + size_name(size) + " as values";
  long_row(workload, "quire", [=](benchmark::State& state) {
    quire::BytesIO stream(text());
    walk(state, size, [&](std::size_t wanted, std::size_t at) {
      if (at == 0) stream.seek(0);
      const quire::Bytes piece = stream.read(static_cast<std::ptrdiff_t>(wanted));
      benchmark::DoNotOptimize(piece.data());
      return piece.size();
    });
  });
  long_row(workload, "std::string", [=](benchmark::State& state) {
    walk(state, size, [&](std::size_t wanted, std::size_t at) {
      const std::string piece = text().substr(at, wanted);
      benchmark::DoNotOptimize(piece.data());
      return piece.size();
    });
  });
  long_row(workload, "std::stringstream", [=](benchmark::State& state) {
    std::stringstream stream(text());
    walk(state, size, [&](std::size_t wanted, std::size_t at) {
      if (at == 0) stream.rdbuf()->pubseekpos(0, std::ios::in);
      std::string piece(wanted, '\0');
      const auto got = stream.rdbuf()->sgetn(piece.data(), static_cast<std::streamsize>(wanted));
      piece.resize(static_cast<std::size_t>(got));
      benchmark::DoNotOptimize(piece.data());
      return piece.size();
    });
  });
#ifdef QUIRE_BENCH_HAS_ABSL
  long_row(workload, "absl::Cord", [=](benchmark::State& state) {
    const absl::Cord cord{absl::string_view(text())};
    auto it = cord.char_begin();
    walk(state, size, [&](std::size_t wanted, std::size_t at) {
      if (at == 0) it = cord.char_begin();
      const absl::Cord piece =
          absl::Cord::AdvanceAndRead(&it, std::min(wanted, text().size() - at));
      benchmark::DoNotOptimize(piece);
      return piece.size();
    });
  });
#endif
#ifdef QUIRE_BENCH_HAS_QT
  long_row(workload, "QBuffer", [=](benchmark::State& state) {
    QBuffer buffer;
    buffer.setData(text().data(), static_cast<int>(text().size()));
    buffer.open(QIODevice::ReadOnly | QIODevice::Unbuffered);
    walk(state, size, [&](std::size_t wanted, std::size_t at) {
      if (at == 0) buffer.seek(0);
      const QByteArray piece = buffer.read(static_cast<qint64>(wanted));
      benchmark::DoNotOptimize(piece.constData());
      return static_cast<std::size_t>(piece.size());
    });
  });
#endif
}

/// Waits for the memory, as a copy does.
template <class T>
void touch(const T* data) {
  T first = *data;
  benchmark::DoNotOptimize(first);
}

void read_at_rows() {
  constexpr std::size_t kSize = 64;
  const std::string workload = "read/64 B at random";
  std::vector<std::size_t> places(1 << 16);
  std::mt19937_64 random(1);
  for (std::size_t& place : places) place = random() % (text_size() - kSize);
  // One item is one read; every peer goes to the same places.
  const auto go = [places](benchmark::State& state, auto read) {
    std::size_t i = 0;
    for (auto _ : state) {
      read(places[i]);
      i = (i + 1) % places.size();
    }
    count_items(state, 1);
  };
  row(workload, "quire", [=](benchmark::State& state) {
    const quire::BytesIO stream(text());
    go(state, [&](std::size_t at) {
      const quire::Bytes piece = stream.read_at(at, kSize);
      touch(piece.data());
    });
  });
  row(workload, "quire readinto", [=](benchmark::State& state) {
    quire::BytesIO stream(text());
    char target[kSize];
    go(state, [&](std::size_t at) {
      stream.seek(static_cast<std::ptrdiff_t>(at));
      stream.readinto(target);
      benchmark::DoNotOptimize(target);
    });
  });
  row(workload, "memcpy", [=](benchmark::State& state) {
    char target[kSize];
    go(state, [&](std::size_t at) {
      std::memcpy(target, text().data() + at, kSize);
      benchmark::DoNotOptimize(target);
    });
  });
  row(workload, "std::stringstream", [=](benchmark::State& state) {
    std::stringstream stream(text());
    char target[kSize];
    go(state, [&](std::size_t at) {
      stream.rdbuf()->pubseekpos(static_cast<std::streamoff>(at), std::ios::in);
      stream.rdbuf()->sgetn(target, kSize);
      benchmark::DoNotOptimize(target);
    });
  });
#ifdef QUIRE_BENCH_HAS_ABSL
  row(workload, "absl::Cord", [=](benchmark::State& state) {
    const absl::Cord cord{absl::string_view(text())};
    go(state, [&](std::size_t at) {
      const absl::Cord piece = cord.Subcord(at, kSize);
      touch((*piece.chunk_begin()).data());
    });
  });
#endif
#ifdef QUIRE_BENCH_HAS_QT
  row(workload, "QBuffer", [=](benchmark::State& state) {
    QBuffer buffer;
    buffer.setData(text().data(), static_cast<int>(text().size()));
    buffer.open(QIODevice::ReadOnly | QIODevice::Unbuffered);
    char target[kSize];
    go(state, [&](std::size_t at) {
      buffer.seek(static_cast<qint64>(at));
      buffer.read(target, kSize);
      benchmark::DoNotOptimize(target);
    });
  });
#endif
}

}  // namespace

int main(int argc, char** argv) {
  read_into_rows(64);
  read_into_rows(4 * kKiB);
  read_value_rows(64);
  read_value_rows(4 * kKiB);
  read_at_rows();
  return run(argc, argv);
}
