// The program of docs/adapters/beast.md.
#include "quire/adapters/beast.h"

#include <cstddef>
#include <iostream>
#include <string>
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "quire/adapters/asio.h"
#include "quire/quire.h"

using namespace quire;
namespace net = boost::asio;
namespace http = boost::beast::http;

int main() {
  net::io_context context;
  net::local::stream_protocol::socket here(context);
  net::local::stream_protocol::socket there(context);
  net::local::connect_pair(here, there);

  // [send]
  http::request<StreamBody<>> upload{http::verb::put, "/notes", 11};
  upload.body().write("all that the stream holds");
  upload.prepare_payload();  // Content-Length: 25
  http::write(here, upload);
  // [/send]

  // [receive]
  boost::beast::flat_buffer buffer;
  http::request_parser<StreamBody<SpooledIO>> parser;
  parser.body_limit(1 << 30);
  parser.get().body() = SpooledIO(SpooledOptions{.max_size = 20});
  http::read(there, buffer, parser);
  SpooledIO& body = parser.get().body();
  std::cout << body.read(8) << ' ' << body.size() << ' ' << body.rolled() << '\n';
  // [/receive]

  // [limit]
  http::write(here, upload);
  http::request<StreamBody<>> small;
  small.body() = BytesIO(StorageOptions{.size_limit = 10});
  boost::beast::error_code error;
  http::read(there, buffer, small, error);
  std::cout << error.message() << '\n';
  // [/limit]

  buffer.clear();
  // [in_place]
  http::write(here, upload);
  BytesIO received;
  StreamBuffer into(received);
  http::request_parser<http::empty_body> header;
  http::read_header(there, into, header);
  const auto length = static_cast<std::size_t>(*header.content_length());
  net::read(there, into, net::transfer_exactly(length - into.size()));
  std::cout << received.read() << '\n';  // as it came from the socket
  // [/in_place]
}
