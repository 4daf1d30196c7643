// The program of docs/adapters/socket.md.
#include "quire/adapters/socket.h"

#include <array>
#include <iostream>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "quire/quire.h"

using namespace quire;

int main() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) return 1;
  const auto [here, there] = ends;

  // [views]
  BytesIO f("HEADthe body of a message"_b);
  send_all(here, f.getvalue().slice(4));  // the stream's own memory

  BytesIO g;
  g.resize(21);
  recv_into(there, g.getbuffer());  // and into it
  std::cout << g.getvalue() << '\n';
  // [/views]

  // [slices]
  const std::vector<Bytes> parts = {"head: "_b, f.slice(4, 12), ""_b, "!"_b};
  send_all(here, parts);  // one call to the system
  std::array<char, 6> head{};
  std::array<char, 9> rest{};
  const std::array<MutableByteSpan, 2> targets = {MutableByteSpan(head), MutableByteSpan(rest)};
  std::cout << recv_into(there, targets) << ' ' << std::string(rest.data(), rest.size()) << '\n';
  // [/slices]

  // [timeout]
  using namespace std::chrono_literals;
  send_all(here, "half of i");
  try {
    std::array<char, 20> message{};
    recv_into(there, message, 10ms);
  } catch (const TransferError& error) {
    std::cout << error.what() << '\n';  // and error.moved(), to go on from there
  }
  // [/timeout]

  // [streams]
  f.seek(4);
  std::cout << send_stream(here, f, 8) << ' ';  // a FileIO is sent by the kernel alone
  ::close(here);
  BytesIO received;
  std::cout << recv_into(there, received) << ' ' << received.getvalue() << '\n';
  // [/streams]
  ::close(there);
}
