// Sending what an operation must own, and receiving to the end, beside what Asio brings for both.

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <asio.hpp>

#include "bench.h"
#include "quire/adapters/asio.h"
#include "quire/bytes_io.h"
#include "thread_time.h"

namespace {

using namespace bench;
using Socket = asio::local::stream_protocol::socket;

std::size_t data_size() {
  return scaled(64 * kMiB);
}

/// Two connected sockets, the other one with a thread of its own until that ends.
class Link {
 public:
  template <class Other>
  explicit Link(Other other) {
    asio::local::connect_pair(here, there_);
    thread_ = std::jthread([this, other] {
      asio::error_code ended;
      other(there_, ended);
      there_.close(ended);
    });
  }

  asio::io_context context;
  Socket here{context};

  /// Waits for the other end.
  void finish() {
    here.close();
    thread_.join();
  }

 private:
  Socket there_{context};
  std::jthread thread_;
};

void drain(Socket& socket, asio::error_code& ended) {
  std::vector<char> room(kMiB);
  while (!ended) socket.read_some(asio::buffer(room), ended);
}

/// `start(socket)` begins to send all; its own stream or string may then go.
template <class Start>
void send_row(std::string_view peer, Start start) {
  thread_row("asio/64 MiB to an operation that owns them", peer, data_size(), [=] {
    Link link(drain);
    start(link.here);
    link.context.run();
    link.finish();
  });
}

template <class Receive>
void receive_row(std::string_view peer, const std::string& data, Receive receive) {
  thread_row("asio/64 MiB received to the end", peer, data_size(), [=, &data] {
    Link link([&data](Socket& socket, asio::error_code& failed) {
      asio::write(socket, asio::buffer(data), failed);
    });
    asio::error_code ended;
    receive(link.here, ended);
    link.finish();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string data = random_text(data_size());
  const quire::BytesIO stream{quire::Bytes(data)};
  send_row("quire", [&](Socket& socket) {
    asio::async_write(socket, quire::ConstBuffers(stream.getvalue()),
                      [](asio::error_code, std::size_t) {});
  });
  send_row("a shared string", [&](Socket& socket) {
    auto copy = std::make_shared<std::string>(data);
    asio::async_write(socket, asio::buffer(*copy), [copy](asio::error_code, std::size_t) {});
  });

  receive_row("quire", data, [](Socket& socket, asio::error_code& ended) {
    quire::BytesIO received;
    asio::read(socket, quire::StreamBuffer(received), ended);
  });
  receive_row("std::string", data, [](Socket& socket, asio::error_code& ended) {
    std::string received;
    asio::read(socket, asio::dynamic_buffer(received), ended);
  });
  receive_row("asio::streambuf", data, [](Socket& socket, asio::error_code& ended) {
    asio::streambuf received;
    asio::read(socket, received, ended);
  });
  return run(argc, argv);
}
