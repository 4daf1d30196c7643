// The connection of an HTTP server to a client, with only so much patience: with what is slow or makes no
// sense, which is refused, and with what a client goes on sending that has its answer already.
//
// Lifetime: the socket's. Thread: one at a time.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

/// What ends a request: the status of the answer, and why.
struct Refusal : std::runtime_error {
  using Status = boost::beast::http::status;

  Refusal(Status status_, const std::string& why) : runtime_error(why), status(status_) {}

  Status status;
};

/// Whether the answer may have that content coding.
template <class Request>
[[nodiscard]] bool accepts(const Request& request, const char* coding) {
  namespace http = boost::beast::http;
  http::ext_list codings(request[http::field::accept_encoding]);
  const auto found = codings.find(coding);
  if (found == codings.end()) return false;
  for (const auto& [name, value] : found->second) {
    // No quality at all is a no.
    if (boost::beast::iequals(name, "q")) return value.find_first_not_of("0.") != value.npos;
  }
  return true;
}

class Connection {
 public:
  using Duration = std::chrono::milliseconds;
  using Error = boost::beast::error_code;

  Connection() : socket_(io_) {}

  [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }

  /// From now on everything together may take so long, and one read or write no longer than `silence`.
  void allow(Duration time, Duration silence) {
    end_ = Clock::now() + time;
    silence_ = silence;
  }

  /// Errors: Refusal.
  template <class Parser>
  void read_header(Parser& parser) {
    check(finish(
        [&](auto done) { boost::beast::http::async_read_header(socket_, buffer_, parser, done); }));
  }

  /// A client that asks whether it may send the body is told so. Errors: Refusal.
  template <class Parser>
  void read_body(Parser& parser) {
    namespace http = boost::beast::http;
    if (boost::beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      write(http::response<http::empty_body>(http::status::continue_, 11));
    }
    while (!parser.is_done()) {
      check(finish([&](auto done) { http::async_read_some(socket_, buffer_, parser, done); }));
    }
  }

  /// A client that does not listen gets no answer.
  template <class Message>
  void write(const Message& message) {
    static_cast<void>(
        finish([&](auto done) { boost::beast::http::async_write(socket_, message, done); }));
  }

  /// Closes when the client does, or soon, and throws away what it still sends: it would not hear its
  /// answer on a connection that was closed while it was sending.
  void close() {
    constexpr std::size_t kMost = std::size_t{1} << 20;
    Error ignored;
    socket_.shutdown(socket_.shutdown_send, ignored);
    allow(std::chrono::seconds(1), std::chrono::seconds(1));
    std::array<char, 16384> rest;
    const auto read = [&](auto done) { socket_.async_read_some(boost::asio::buffer(rest), done); };
    for (std::size_t count = 0; count < kMost && !finish(read);) count += moved_;
    socket_.close(ignored);
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Does what `start` begins, or gives up.
  template <class Start>
  [[nodiscard]] Error finish(Start start) {
    std::optional<Error> result;
    start([&](Error error, std::size_t moved) {
      result = error;
      moved_ = moved;
    });
    io_.restart();
    io_.run_until(std::min(end_, Clock::now() + silence_));
    if (result) return *result;
    socket_.cancel();
    io_.run();
    return boost::asio::error::timed_out;
  }

  static void check(const Error& error) {
    namespace http = boost::beast::http;
    using http::status;
    if (!error) return;
    if (error == boost::asio::error::timed_out) throw Refusal(status::request_timeout, "too slow");
    if (error == http::error::body_limit) {
      throw Refusal(status::payload_too_large, "the body is too large");
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      throw Refusal(status::request_header_fields_too_large, "the header is too large");
    }
    // Of the stream that it was to be written to; else of the connection, and nobody hears it.
    if (error.category() == boost::system::system_category()) {
      throw Refusal(status::insufficient_storage, error.message());
    }
    throw Refusal(status::bad_request, error.message());
  }

  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_{std::size_t{64} << 10};
  Clock::time_point end_;
  Duration silence_{};
  std::size_t moved_ = 0;
};
