// The program of docs/adapters/asio.md.
#include "quire/adapters/asio.h"

#include <iostream>
#include <string>
#include <vector>

#include <asio.hpp>

#include "quire/quire.h"

using namespace quire;

int main() {
  asio::io_context context;
  asio::local::stream_protocol::socket here(context);
  asio::local::stream_protocol::socket there(context);
  asio::local::connect_pair(here, there);

  // [send]
  {
    BytesIO f("HEADthe body of a message\n"_b);
    asio::async_write(here, ConstBuffers(f.getvalue().slice(4)),
                      [](asio::error_code, std::size_t n) { std::cout << n << " sent\n"; });
  }  // the stream goes; its bytes stay until they are sent
  context.run();
  // [/send]

  // [receive]
  BytesIO g;
  g.resize(9);
  asio::read(there, MutableBuffers(g.getbuffer()));  // into the stream's own memory
  std::cout << g.getvalue() << '\n';
  // [/receive]

  // [slices]
  const Bytes separator(", "_b);
  const std::vector<Bytes> parts = {"one"_b, separator, "two"_b, separator, "three\r\n"_b};
  asio::write(here, ConstBuffers(parts));  // nothing is joined
  // [/slices]

  // [lines]
  BytesIO received;
  StreamBuffer buffer(received);
  const std::size_t size = asio::read_until(there, StreamBuffer(buffer), '\n');
  std::cout << received.readline() << ", " << received.readline() << '\n';  // reading consumes
  // [/lines]

  // [consume]
  asio::write(here, asio::buffer(std::string("first\nsecond\n")));
  asio::read_until(there, StreamBuffer(buffer), "second\n");
  buffer.consume(6);
  std::cout << size << ' ' << buffer.size() << ' ' << received.peek(6) << '\n';
  // [/consume]
}
