// The programs of docs/guide/errors.md.

#include <cstddef>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "quire/quire.h"

using namespace quire::literals;
using quire::Bytes;
using quire::BytesIO;
using quire::MemoryView;
using quire::MutableMemoryView;

// [print]
// Prints what `action` throws.
template <class Action>
void attempt(Action action) {
  try {
    action();
    std::cout << "fine\n";
  } catch (const std::exception& error) {
    std::cout << error.what() << '\n';
  }
}
// [/print]

int main() {
  // [messages]
  BytesIO f("abc"_b);
  attempt([&] { f.seek(-1); });
  attempt([&] { static_cast<void>(f.getvalue()[3]); });
  attempt([&] { static_cast<void>(f.getvalue().index("x")); });
  attempt([&] { static_cast<void>(f.fileno()); });
  attempt([&] { quire::FileIO("/no/such/file"); });
  attempt([&] { static_cast<void>(BytesIO(f.getvalue()).read(100)); });  // the end is no error
  // [/messages]

  // [strong]
  BytesIO small(quire::StorageOptions{.size_limit = 8});
  small.write("1234567");
  attempt([&] { small.write("89"); });
  std::cout << small.getvalue() << ' ' << small.tell() << '\n';
  // [/strong]

  // [closed]
  MutableMemoryView view = f.getbuffer();
  f.close();  // never fails; the view keeps the memory
  attempt([&] { static_cast<void>(f.tell()); });
  std::cout << view.tobytes() << '\n';

  BytesIO first("moved"_b);
  BytesIO second = std::move(first);
  std::cout << first.size() << ' ' << second.read() << '\n';  // a moved-from BytesIO is empty
  // [/closed]

  // [pinned]
  BytesIO grown("abc"_b);
  {
    const MutableMemoryView a = grown.getbuffer();
    const MemoryView b = a.slice(1);
    attempt([&] { grown.resize(100); });
  }
  attempt([&] { grown.resize(100); });
  // [/pinned]

  // [threads]
  BytesIO shared;
  shared.write("read by many");
  std::vector<std::thread> readers;
  std::vector<std::size_t> found(4);
  for (std::size_t i = 0; i < found.size(); ++i) {
    // const operations of one stream may run at once: no lock.
    readers.emplace_back([&shared, &found, i] { found[i] = shared.getvalue().find("many"); });
  }
  for (std::thread& reader : readers) reader.join();
  std::cout << found[0] + found[1] + found[2] + found[3] << '\n';
  // [/threads]

  // [owners]
  MemoryView kept;
  MemoryView borrowed;
  std::string text = "text";
  {
    const Bytes bytes("bytes");
    kept = MemoryView(bytes);     // shares: outlives `bytes`
    borrowed = MemoryView(text);  // borrows: `text` must stay
  }
  std::cout << kept.tobytes() << ' ' << (borrowed.owner() == nullptr) << '\n';
  // [/owners]
}
