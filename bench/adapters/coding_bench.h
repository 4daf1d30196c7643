// What the benchmarks of compressing and encrypting streams share: data at hand are written through a
// stream into a BytesIO, and read from it, beside the ordinary way, a loop that fills a buffer and appends
// it to a std::string, and beside the library's call for all at once where there is one.
//
// Lifetime: rows keep what they are given by value. Thread: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "bench.h"
#include "moved.h"
#include "quire/bytes_io.h"
#include "quire/ledger.h"
#include "quire/stream.h"

namespace bench {

inline constexpr std::size_t kCodingBuffer = 64 * kKiB;

/// Words in no order, which compress as text does.
inline const quire::Bytes& coding_data() {
  static const quire::Bytes data = [] {
    std::mt19937_64 random(1);
    std::vector<std::string> words(4000);
    for (std::string& word : words) {
      word.resize(2 + random() % 9);
      for (char& c : word) c = static_cast<char>('a' + random() % 26);
      word += ' ';
    }
    std::string text;
    const std::size_t size = scaled(16 * kMiB);
    while (text.size() < size) text += words[random() % words.size()];
    return quire::Bytes::adopt(std::move(text));
  }();
  return data;
}

/// `code()` codes the data once and returns how many bytes there are then.
template <class Code>
void coding_row(const std::string& workload, std::string_view peer, std::size_t expected,
                Code code) {
  long_row(workload, peer, [=](benchmark::State& state) {
    std::uint64_t copied = 0;
    const Moved moved(state);
    for (auto _ : state) {
      const quire::Ledger before = quire::thread_ledger();
      if (code() != expected) state.SkipWithError("another size");
      copied = (quire::thread_ledger() - before).copied_total();
    }
    state.counters["copied_bytes"] = static_cast<double>(copied);
    count_bytes(state, coding_data().size());
  });
}

/// `write(target)` is the data through a stream into `target`.
template <class Write>
quire::Bytes encoded(Write write) {
  quire::BytesIO target;
  write(target);
  return target.getvalue();
}

/// quire's rows; returns what was written. `read(source)` is the size of all the data of a stream.
template <class Write, class Read>
quire::Bytes coding_rows(const std::string& name, Write write, Read read) {
  const quire::Bytes packed = encoded(write);
  coding_row(name + "/write 16 MiB", "quire", packed.size(), [=] { return encoded(write).size(); });
  coding_row(name + "/read 16 MiB", "quire", coding_data().size(), [=] {
    quire::BytesIO source(packed);
    return read(source);
  });
  return packed;
}

/// What the calls of `step(room, size)` come to, until it puts nothing; appended to a std::string.
template <class Step>
std::size_t by_a_buffer(Step step) {
  std::vector<char> buffer(kCodingBuffer);
  std::string result;
  while (const std::size_t count = step(buffer.data(), buffer.size())) {
    result.append(buffer.data(), count);
  }
  return result.size();
}

}  // namespace bench
