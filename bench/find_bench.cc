// Searching 100 MB: among random bytes, where the needle's first byte is rare, and among words, where
// it is everywhere; backwards too, and there 10 MB in which every comparison fails at its last byte.

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "bench.h"
#include "peers.h"
#include "quire/bytes_io.h"

namespace {

using namespace bench;

// In Bytes, so that quire and the plain functions search the very same memory.
const quire::Bytes& noise() {
  static const auto text = quire::Bytes::adopt(random_text(text_size()) + "needle!\n");
  return text;
}

/// Words of one to ten small letters, the first ones the most frequent.
const quire::Bytes& words() {
  static const quire::Bytes text = [] {
    std::string words(text_size(), ' ');
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i < words.size(); i += 1 + random() % 10) {
      const std::size_t end = std::min(words.size(), i + random() % 10);
      for (; i < end; ++i)
        words[i] = static_cast<char>('a' + std::min(random() % 26, random() % 26));
    }
    return quire::Bytes::adopt(words + "deadbeef");
  }();
  return text;
}

const quire::Bytes& same() {
  static const auto text = quire::Bytes::adopt(std::string(text_size() / 10, 'a'));
  return text;
}

/// `find()` returns the offset in a text of `size` bytes, or npos.
template <class Find>
void search(benchmark::State& state, std::size_t size, std::size_t expected, Find find) {
  for (auto _ : state) {
    if (find() != expected) state.SkipWithError("found in the wrong place");
  }
  count_bytes(state, size);
}

void rows(const std::string& workload, const quire::Bytes& (*text)(), std::string_view needle) {
  const std::string_view view = text();
  const std::size_t expected = view.find(needle);
  const std::size_t size = view.size();
  long_row(workload, "quire", [=](benchmark::State& state) {
    search(state, size, expected, [&] { return text().find(needle); });
  });
  if (needle.size() == 1) {
    long_row(workload, "memchr", [=](benchmark::State& state) {
      search(state, size, expected, [&] {
        const void* const at = std::memchr(view.data(), needle[0], size);
        return static_cast<std::size_t>(static_cast<const char*>(at) - view.data());
      });
    });
  } else {
    long_row(workload, "memmem", [=](benchmark::State& state) {
      search(state, size, expected, [&] {
        const void* const at = ::memmem(view.data(), size, needle.data(), needle.size());
        if (at == nullptr) return std::string::npos;
        return static_cast<std::size_t>(static_cast<const char*>(at) - view.data());
      });
    });
  }
  long_row(workload, "std::string_view", [=](benchmark::State& state) {
    search(state, size, expected, [&] { return view.find(needle); });
  });
#ifdef QUIRE_BENCH_HAS_ABSL
  // Cord 20220623 has no Find: it is made flat, once, and searched as a string_view.
  long_row(workload, "absl::Cord", [=](benchmark::State& state) {
    absl::Cord cord{absl::string_view(view.data(), size)};
    search(state, size, expected, [&] {
      const std::size_t at = cord.Flatten().find(absl::string_view(needle.data(), needle.size()));
      return at == absl::string_view::npos ? std::string::npos : at;
    });
  });
#endif
#ifdef QUIRE_BENCH_HAS_QT
  long_row(workload, "QByteArray", [=](benchmark::State& state) {
    const QByteArray array(view.data(), static_cast<int>(size));
    const QByteArray wanted(needle.data(), static_cast<int>(needle.size()));
    search(state, size, expected, [&] {
      const int at = wanted.size() == 1 ? array.indexOf(wanted[0]) : array.indexOf(wanted);
      return at < 0 ? std::string::npos : static_cast<std::size_t>(at);
    });
  });
#endif
}

/// Searches the whole text: the needle is not there.
void backward_rows(const std::string& workload, const quire::Bytes& (*text)(),
                   const std::string& needle) {
  const std::string_view view = text();
  const std::size_t size = view.size();
  long_row(workload, "quire", [=](benchmark::State& state) {
    search(state, size, quire::npos, [&] { return text().rfind(needle); });
  });
  long_row(workload, "std::string_view", [=](benchmark::State& state) {
    search(state, size, std::string::npos, [&] { return view.rfind(needle); });
  });
#ifdef QUIRE_BENCH_HAS_QT
  long_row(workload, "QByteArray", [=](benchmark::State& state) {
    const QByteArray array(view.data(), static_cast<int>(size));
    const QByteArray wanted(needle.data(), static_cast<int>(needle.size()));
    search(state, size, std::string::npos, [&] {
      const int at = array.lastIndexOf(wanted);
      return at < 0 ? std::string::npos : static_cast<std::size_t>(at);
    });
  });
#endif
}

/// The text of the row that runs, kept for the next one.
const quire::Bytes& huge_noise(std::size_t size) {
  static quire::Bytes text;
  if (text.size() == size) return text;
  text = quire::Bytes();
  std::string noise = random_text(size);
  noise.replace(size - 8, 8, "needle!\n");
  return text = quire::Bytes::adopt(std::move(noise));
}

/// The needle is at the end.
void huge_rows(std::size_t size) {
  const std::string workload = "find/8 B at the end of " + size_name(size);
  const auto peer_row = [&](const char* peer, auto find) {
    limit_runs(long_row(workload, peer,
                        [=](benchmark::State& state) {
                          const quire::Bytes& text = huge_noise(size);
                          search(state, size, size - 8, [&] { return find(text); });
                        }),
               size, 5);
  };
  peer_row("quire", [](const quire::Bytes& text) { return text.find("needle!\n"); });
  peer_row("memmem", [](const quire::Bytes& text) {
    const void* const at = ::memmem(text.data(), text.size(), "needle!\n", 8);
    return static_cast<std::size_t>(static_cast<const std::byte*>(at) - text.data());
  });
  peer_row("std::string_view", [](std::string_view text) { return text.find("needle!\n"); });
}

}  // namespace

int main(int argc, char** argv) {
  rows("find/8 B in noise", noise, "needle!\n");
  rows("find/8 B in words", words, "deadbeef");
  rows("find/8 B absent", words, "absentee");
  rows("find/1 B in noise", noise, "\n");
  backward_rows("find/8 B backwards in noise", noise, "absentee");
  backward_rows("find/8 B backwards in words", words, "absentee");
  backward_rows("find/1 KiB backwards in its first byte", same, std::string(1023, 'a') + 'b');
  for (const std::size_t size : huge_sizes()) huge_rows(size);
  return run(argc, argv);
}
