// Two ends of a TCP connection over the loopback interface, as streams.
//
// Lifetime: each end closes its descriptor; a reader at the other one then meets the end of data.
// Thread: one thread an end.
#pragma once

#include <cerrno>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>

#include "quire/file_io.h"

namespace quire::test {

struct Loopback {
  FileIO client;
  FileIO server;
};

inline Loopback connect_loopback() {
  const auto checked = [](int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
  };
  const auto descriptor = [&](int opened, const char* what) {
    return FileIO(checked(opened, what), "r+");
  };
  const FileIO listener = descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any_address = reinterpret_cast<sockaddr*>(&address);
  checked(::bind(listener.fileno(), any_address, size), "bind");
  checked(::listen(listener.fileno(), 1), "listen");
  checked(::getsockname(listener.fileno(), any_address, &size), "getsockname");

  FileIO client = descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  checked(::connect(client.fileno(), any_address, size), "connect");
  FileIO server =
      descriptor(::accept4(listener.fileno(), nullptr, nullptr, SOCK_CLOEXEC), "accept");
  return {std::move(client), std::move(server)};
}

}  // namespace quire::test
