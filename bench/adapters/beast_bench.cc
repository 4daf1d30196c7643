// HTTP messages with a large body: a stream's, a string's, a file's.

#include <cstddef>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <unistd.h>

#include "bench.h"
#include "quire/adapters/beast.h"
#include "quire/bytes_io.h"
#include "quire/spooled_io.h"
#include "thread_time.h"

namespace {

using namespace bench;
namespace net = boost::asio;
namespace http = boost::beast::http;
using Socket = net::local::stream_protocol::socket;

std::size_t data_size() {
  return scaled(64 * kMiB);
}

/// `here` on this thread, `there` on another one.
template <class Here, class There>
void exchange(Here here, There there) {
  net::io_context context;
  Socket ends[2] = {Socket(context), Socket(context)};
  net::local::connect_pair(ends[0], ends[1]);
  std::jthread other([&] {
    boost::beast::error_code ended;
    there(ends[1], ended);
  });
  here(ends[0]);
  ends[0].close();
}

template <class Body>
void receive_row(std::string_view peer, const std::string& data) {
  thread_row("beast/a body of 64 MiB received", peer, data_size(), [&data] {
    exchange(
        [](Socket& socket) {
          boost::beast::flat_buffer buffer;
          http::response_parser<Body> parser;
          parser.body_limit(kGiB);
          http::read(socket, buffer, parser);
        },
        [&data](Socket& socket, boost::beast::error_code& failed) {
          http::response<http::span_body<const char>> response;
          response.body() = {data.data(), data.size()};
          response.prepare_payload();
          http::write(socket, response, failed);
        });
  });
}

/// `make()` makes the body of a message from what a program has.
template <class Body, class Make>
void send_row(std::string_view peer, Make make) {
  thread_row("beast/a body of 64 MiB sent", peer, data_size(), [make] {
    exchange(
        [&](Socket& socket) {
          http::response<Body> response;
          make(response.body());
          response.prepare_payload();
          http::write(socket, response);
        },
        [](Socket& socket, boost::beast::error_code& ended) {
          std::vector<char> room(kMiB);
          while (!ended) socket.read_some(net::buffer(room), ended);
        });
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string data = random_text(data_size());
  const quire::BytesIO stream{quire::Bytes(data)};
  const std::string path = "/tmp/quire-bench-beast-" + std::to_string(::getpid());
  std::ofstream(path, std::ios_base::binary) << data;

  receive_row<quire::StreamBody<>>("quire", data);
  receive_row<http::string_body>("string_body", data);
  receive_row<http::vector_body<char>>("vector_body", data);

  send_row<quire::StreamBody<>>("quire", [&](quire::BytesIO& body) { body = stream.reader(); });
  send_row<http::string_body>("string_body", [&](std::string& body) {
    body = static_cast<std::string_view>(stream.getvalue());
  });
  send_row<http::file_body>("file_body", [&](http::file_body::value_type& body) {
    boost::beast::error_code failed;
    body.open(path.c_str(), boost::beast::file_mode::scan, failed);
  });
  const int status = run(argc, argv);
  ::unlink(path.c_str());
  return status;
}
