// Takes clients, and gives each a thread; those for whom there is none are told so, and those for whom there
// is no descriptor wait.
//
// Lifetime: what run() was given must live until it returns. Thread: stop() may come from any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

#include <boost/asio.hpp>

#include "upload/connection.h"

class Listener {
 public:
  /// Port 0: any that is free.
  explicit Listener(unsigned short port)
      : acceptor_(io_, {boost::asio::ip::address_v4::loopback(), port}) {}

  [[nodiscard]] unsigned short port() const { return acceptor_.local_endpoint().port(); }

  /// Calls `serve(connection, false)` for each client on a thread of its own; where `most` are being
  /// served already, `serve(connection, true)` on this one. Returns after stop(), when all were served.
  template <class Serve>
  void run(std::size_t most, Serve serve) {
    boost::asio::thread_pool threads(most);
    std::atomic<std::size_t> clients = 0;
    boost::asio::steady_timer pause(io_);
    std::function<void()> accept;
    const auto accept_later = [&] {
      pause.expires_after(std::chrono::milliseconds(100));
      pause.async_wait([&](const Connection::Error&) { accept(); });
    };
    accept = [&] {
      std::shared_ptr<Connection> client;
      try {
        client = std::make_shared<Connection>();
      } catch (const std::exception&) {
        return accept_later();
      }
      acceptor_.async_accept(client->socket(), [&, client](const Connection::Error& error) {
        if (error) return accept_later();
        if (clients == most) {
          serve(*client, true);
        } else {
          ++clients;
          boost::asio::post(threads, [&, client] {
            serve(*client, false);
            --clients;
          });
        }
        accept();
      });
    };
    accept();
    io_.run();
    threads.join();
  }

  void stop() { io_.stop(); }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
};
