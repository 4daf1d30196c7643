// The programs of docs/guide/sharing.md.

#include <cstddef>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "quire/quire.h"

using namespace quire::literals;
using quire::Bytes;
using quire::BytesIO;

namespace {

constexpr std::size_t kMebibyte = 1 << 20;

}  // namespace

// [report]
// What the streams and handles of this thread have copied while `action` ran, in KiB.
template <class Action>
void report(const char* what, Action action) {
  const quire::Ledger before = quire::thread_ledger();
  action();
  const quire::Ledger now = quire::thread_ledger() - before;
  std::cout << what << ": copied " << now.copied_total() / 1024 << " KiB\n";
}
// [/report]

int main() {
  // [snapshot]
  BytesIO f;
  f.reserve(2 * kMebibyte);
  f.write(std::string(kMebibyte, 'x'));

  Bytes snapshot;
  report("getvalue", [&] { snapshot = f.getvalue(); });
  report("append behind it", [&] { f.write(std::string(1024, 'y')); });
  report("overwrite a byte of it", [&] { f.write_at(0, "!"); });
  report("overwrite another", [&] { f.write_at(1, "!"); });
  std::cout << snapshot.slice(0, 3) << ' ' << f.getvalue().slice(0, 3) << '\n';
  // [/snapshot]

  // [drop]
  snapshot = f.getvalue();
  snapshot = Bytes();  // nobody else sees the bytes any more
  report("overwrite after the snapshot is gone", [&] { f.write_at(0, "?"); });
  // [/drop]

  // [log]
  BytesIO log;
  log.reserve(kMebibyte);
  std::vector<Bytes> history;
  report("1000 lines, 1000 snapshots kept", [&] {
    for (int i = 0; i < 1000; ++i) {
      log.write("one more line of the log\n");
      history.push_back(log.getvalue());
    }
  });
  std::cout << history[9].size() << ' ' << history[999].size() << '\n';
  // [/log]

  // [clone]
  BytesIO twin = f.clone();
  report("a clone that only reads", [&] { static_cast<void>(twin.read_at(0, kMebibyte)); });
  twin.write_at(0, "twin");
  std::cout << twin.read_at(0, 4) << ' ' << f.read_at(0, 4) << '\n';
  // [/clone]

  // [reader]
  const auto consume = [](BytesIO stream) {  // as much library code: reads, and closes
    const std::size_t size = stream.read().size();
    stream.close();
    return size;
  };
  std::cout << consume(f.reader()) << ' ' << f.closed() << '\n';
  // [/reader]

  // [input]
  const Bytes upload = f.getvalue();
  BytesIO stream(upload);  // over the same memory, as io.BytesIO(some_bytes)
  report("read a stream over Bytes", [&] { static_cast<void>(stream.read()); });

  std::string text(kMebibyte, 'z');
  BytesIO adopted;
  report("adopt a string", [&] { adopted = BytesIO::adopt(std::move(text)); });
  // [/input]

  // [threads]
  const Bytes frozen = f.getvalue();
  std::thread other(
      [frozen] { std::cout << frozen.count("x") << " x seen by the other thread\n"; });
  f.write_at(0, "written meanwhile");  // the other thread's bytes do not change
  other.join();
  // [/threads]
}
