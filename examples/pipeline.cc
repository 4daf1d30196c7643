// A pipeline of threads that pass streams over bounded queues: producers fill streams, workers look for
// the lines they want, one consumer puts the answers in order. Streams and what is cut out of them travel;
// their bytes stay where they were written: nothing is copied on the way.

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <oneapi/tbb/concurrent_queue.h>

#include "quire/adapters/hash.h"
#include "quire/quire.h"

using namespace quire;

namespace {

constexpr std::size_t kProducers = 2;
constexpr std::size_t kWorkers = 3;
constexpr std::size_t kBatches = 200;  // of each producer
constexpr std::size_t kLines = 500;    // of each batch

/// A stream on its way; one without a stream says that there are no more.
struct Batch {
  std::size_t number = 0;
  BytesIO stream;
  bool last = false;
};

/// What a worker found: parts of the batch, which they keep alive.
struct Answer {
  std::size_t number = 0;
  std::vector<Bytes> errors;
  std::uint64_t copied = 0;
  bool last = false;
};

// The standard allocator: a sanitizer does not see oneTBB's own take memory back.
template <class T>
using Queue = oneapi::tbb::concurrent_bounded_queue<T, std::allocator<T>>;
using Batches = Queue<Batch>;
using Answers = Queue<Answer>;

void produce(std::size_t producer, Batches& out) {
  for (std::size_t i = 0; i < kBatches; ++i) {
    Batch batch{producer * kBatches + i, {}, false};
    for (std::size_t line = 0; line < kLines; ++line) {
      const bool wrong = (line * 31 + batch.number) % 97 == 0;
      batch.stream.write((wrong ? "ERROR at " : "all well at ") + std::to_string(line) + "\n");
    }
    batch.stream.seek(0);
    out.push(std::move(batch));  // waits while the queue is full
  }
}

void work(Batches& in, Answers& out) {
  for (;;) {
    Batch batch;
    in.pop(batch);
    if (batch.last) break;
    Answer answer{batch.number, {}, 0, false};
    const Ledger before = thread_ledger();
    for (const Bytes& line : batch.stream) {
      if (line.startswith("ERROR")) answer.errors.push_back(line.slice(9, -1));
    }
    answer.copied = (thread_ledger() - before).copied_total();
    out.push(std::move(answer));  // the stream goes, the lines stay
  }
  out.push(Answer{0, {}, 0, true});
}

}  // namespace

int main() {
  Batches batches;
  Answers answers;
  batches.set_capacity(8);
  answers.set_capacity(8);

  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kWorkers; ++i) threads.emplace_back([&] { work(batches, answers); });
  std::jthread producing([&] {
    {
      std::vector<std::jthread> producers;
      for (std::size_t i = 0; i < kProducers; ++i) {
        producers.emplace_back([&, i] { produce(i, batches); });
      }
    }  // all are done
    for (std::size_t i = 0; i < kWorkers; ++i) batches.push(Batch{0, {}, true});
  });

  std::map<std::size_t, Answer> in_order;
  std::uint64_t copied = 0;
  for (std::size_t ended = 0; ended < kWorkers;) {
    Answer answer;
    answers.pop(answer);
    ended += answer.last ? 1 : 0;
    copied += answer.copied;
    if (!answer.last) in_order[answer.number] = std::move(answer);
  }

  Crc32 all;
  std::size_t errors = 0;
  for (const auto& [number, answer] : in_order) {
    for (const Bytes& line : answer.errors) all.update(line);
    errors += answer.errors.size();
  }
  std::cout << in_order.size() << " streams of " << kLines << " lines, " << errors
            << " errors found, the last one at line " << in_order.rbegin()->second.errors.back()
            << "\nCRC-32 of them all " << all.hexdigest() << ", " << copied
            << " bytes copied behind the producers\n";
  return copied == 0 ? 0 : 1;
}
