// Lines: through a text of 100-byte lines, as values that live by themselves and as views.

#include <cstring>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "bench.h"
#include "peers.h"
#include "quire/bytes_io.h"

namespace {

using namespace bench;

constexpr std::size_t kWidth = 100;

const std::string& text() {
  static const std::string text = lines_text(text_size() / kWidth * kWidth, kWidth);
  return text;
}

/// `lines()` walks the text once and returns the bytes of its lines.
template <class Lines>
void walk(benchmark::State& state, std::size_t newline, Lines lines) {
  const std::size_t count = text().size() / kWidth;
  for (auto _ : state) {
    if (lines() != count * (kWidth - 1 + newline)) state.SkipWithError("not all lines were read");
  }
  count_bytes(state, text().size());
  count_items(state, count);
}

// Whether a line comes with its newline.
constexpr std::size_t kWith = 1;
constexpr std::size_t kWithout = 0;

}  // namespace

int main(int argc, char** argv) {
  const std::string values = "lines/100 B as values";
  long_row(values, "quire", [](benchmark::State& state) {
    quire::BytesIO stream(text());
    walk(state, kWith, [&] {
      stream.seek(0);
      std::size_t bytes = 0;
      for (quire::Bytes line = stream.readline(); !line.empty(); line = stream.readline()) {
        bytes += line.size();
      }
      return bytes;
    });
  });
  long_row(values, "quire for", [](benchmark::State& state) {
    quire::BytesIO stream(text());
    walk(state, kWith, [&] {
      stream.seek(0);
      std::size_t bytes = 0;
      for (const quire::Bytes& line : stream) bytes += line.size();
      return bytes;
    });
  });
  long_row(values, "std::getline", [](benchmark::State& state) {
    std::istringstream stream(text());
    std::string line;
    walk(state, kWithout, [&] {
      stream.clear();
      stream.seekg(0);
      std::size_t bytes = 0;
      while (std::getline(stream, line)) bytes += line.size();
      return bytes;
    });
  });
#ifdef QUIRE_BENCH_HAS_QT
  long_row(values, "QBuffer", [](benchmark::State& state) {
    QBuffer buffer;
    buffer.setData(text().data(), static_cast<int>(text().size()));
    // Buffered: unbuffered, QIODevice asks for every character by itself.
    buffer.open(QIODevice::ReadOnly);
    char line[kWidth + 1];
    walk(state, kWith, [&] {
      buffer.seek(0);
      std::size_t bytes = 0;
      for (qint64 got = 0; (got = buffer.readLine(line, sizeof line)) > 0;) {
        bytes += static_cast<std::size_t>(got);
      }
      return bytes;
    });
  });
#endif
#ifdef QUIRE_BENCH_HAS_BOOST
  long_row(values, "boost bufferstream", [](benchmark::State& state) {
    std::string content = text();
    boost::interprocess::bufferstream stream(content.data(), content.size(), std::ios::in);
    std::string line;
    walk(state, kWithout, [&] {
      stream.clear();
      stream.seekg(0);
      std::size_t bytes = 0;
      while (std::getline(stream, line)) bytes += line.size();
      return bytes;
    });
  });
#endif

  const std::string views = "lines/100 B as views";
  long_row(views, "quire", [](benchmark::State& state) {
    const quire::BytesIO stream(text());
    walk(state, kWithout, [&] {
      const quire::Bytes all = stream.getvalue();
      std::size_t bytes = 0;
      for (quire::ByteSpan rest = all; !rest.empty();) {
        const void* const newline = std::memchr(rest.data(), '\n', rest.size());
        const auto size =
            static_cast<std::size_t>(static_cast<const std::byte*>(newline) - rest.data());
        benchmark::DoNotOptimize(rest.data());
        bytes += size;
        rest = rest.subspan(size + 1);
      }
      return bytes;
    });
  });
  long_row(views, "std::string_view", [](benchmark::State& state) {
    walk(state, kWithout, [] {
      std::size_t bytes = 0;
      for (std::string_view rest = text(); !rest.empty();) {
        const std::size_t size = rest.find('\n');
        benchmark::DoNotOptimize(rest.data());
        bytes += size;
        rest.remove_prefix(size + 1);
      }
      return bytes;
    });
  });
#ifdef QUIRE_BENCH_HAS_ABSL
  // Only the part of a line within one chunk; joining the two parts of a broken one is left out.
  long_row(views, "absl::Cord chunks", [](benchmark::State& state) {
    const absl::Cord cord{absl::string_view(text())};
    walk(state, kWithout, [&] {
      std::size_t bytes = 0;
      for (absl::string_view rest : cord.Chunks()) {
        while (!rest.empty()) {
          const std::size_t size = rest.find('\n');
          benchmark::DoNotOptimize(rest.data());
          if (size == absl::string_view::npos) {
            bytes += rest.size();
            break;
          }
          bytes += size;
          rest.remove_prefix(size + 1);
        }
      }
      return bytes;
    });
  });
#endif

  const std::string all = "lines/100 B all at once";
  long_row(all, "quire", [](benchmark::State& state) {
    quire::BytesIO stream(text());
    walk(state, kWith, [&] {
      stream.seek(0);
      std::size_t bytes = 0;
      for (const quire::Bytes& line : stream.readlines()) bytes += line.size();
      return bytes;
    });
  });
  long_row(all, "std::getline", [](benchmark::State& state) {
    std::istringstream stream(text());
    walk(state, kWithout, [&] {
      stream.clear();
      stream.seekg(0);
      std::vector<std::string> lines;
      for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
      std::size_t bytes = 0;
      for (const std::string& line : lines) bytes += line.size();
      return bytes;
    });
  });
#ifdef QUIRE_BENCH_HAS_QT
  long_row(all, "QByteArray::split", [](benchmark::State& state) {
    const QByteArray array(text().data(), static_cast<int>(text().size()));
    walk(state, kWithout, [&] {
      std::size_t bytes = 0;
      for (const QByteArray& line : array.split('\n'))
        bytes += static_cast<std::size_t>(line.size());
      return bytes;
    });
  });
#endif
  return run(argc, argv);
}
