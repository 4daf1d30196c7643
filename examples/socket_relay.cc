// A gigabyte through a loopback socket, sent in four ways. The other end receives into a stream and must
// get every byte; what each way copied on the sending side, and how long it took, is printed.
//
//     socket_relay [MIB]

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "quire/adapters/socket.h"
#include "quire/quire.h"

using namespace quire;

namespace {

constexpr std::size_t kSlice = std::size_t{64} << 10;

FileIO checked(int descriptor, const char* what) {
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), what);
  return FileIO(descriptor, "r+");
}

/// Two ends of a connection over the loopback interface.
std::array<FileIO, 2> connect() {
  const FileIO listener = checked(::socket(AF_INET, SOCK_STREAM, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.fileno(), any, size) != 0 || ::listen(listener.fileno(), 1) != 0 ||
      ::getsockname(listener.fileno(), any, &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "listen");
  }
  FileIO client = checked(::socket(AF_INET, SOCK_STREAM, 0), "socket");
  if (::connect(client.fileno(), any, size) != 0) {
    throw std::system_error(errno, std::generic_category(), "connect");
  }
  return {std::move(client), checked(::accept(listener.fileno(), nullptr, nullptr), "accept")};
}

/// Receives all that comes, into the memory of one stream again and again; true if it is `expected`.
bool arrives(int socket, const Bytes& expected) {
  BytesIO received;
  std::size_t at = 0;
  while (recv_into(socket, received, 16 * kSlice) != 0) {
    const Bytes piece = received.getvalue();
    if (at + piece.size() > expected.size() || piece != expected.slice(at, at + piece.size())) {
      return false;
    }
    at += piece.size();
    received.clear();
  }
  return at == expected.size();
}

void relay(const std::string& way, const Bytes& data, const std::function<void(int)>& send) {
  std::array<FileIO, 2> ends = connect();
  auto right = std::async(std::launch::async, [&] { return arrives(ends[1].fileno(), data); });
  const Ledger before = thread_ledger();
  const auto begin = std::chrono::steady_clock::now();
  send(ends[0].fileno());
  ends[0].close();
  const bool arrived = right.get();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << std::left << std::setw(22) << way << std::right << std::setw(12)
            << (thread_ledger() - before).copied_total() << " bytes copied, "
            << (arrived ? "all arrived" : "WRONG BYTES") << '\n';
  std::cout << std::setw(22) << "" << std::fixed << std::setprecision(0) << std::setw(12)
            << took.count() * 1000 << " ms, "
            << static_cast<double>(data.size()) / took.count() / 1e6 << " MB/s\n";
  if (!arrived) throw std::runtime_error("not what was sent");
}

}  // namespace

int main(int argc, char** argv) try {
  const std::size_t size = (argc > 1 ? std::stoul(argv[1]) : 1024) << 20;
  BytesIO stream;
  for (std::size_t i = 0; stream.size() < size; ++i) {
    stream.write(std::string(997, static_cast<char>('!' + i % 90)));  // no slice is like the next
  }
  stream.truncate(size);
  const Bytes data = stream.getvalue();
  FileIO file(
      std::filesystem::temp_directory_path() / ("quire-relay-" + std::to_string(::getpid())), "w+");
  std::filesystem::remove(file.name());
  file.write(data);

  std::cout << size << " bytes, by\n";
  relay("a buffer", data, [&](int socket) {  // what programs do
    stream.seek(0);
    std::vector<std::byte> buffer(kSlice);
    while (const std::size_t count = stream.readinto(buffer)) {
      send_all(socket, ByteSpan(buffer.data(), count));
    }
  });
  relay("views", data, [&](int socket) {  // slices of the stream's memory, one after another
    for (std::size_t at = 0; at < size; at += kSlice) send_all(socket, data.slice(at, at + kSlice));
  });
  relay("writev", data, [&](int socket) {  // all slices, as many with one call as the system takes
    std::vector<Bytes> slices;
    for (std::size_t at = 0; at < size; at += kSlice) slices.push_back(data.slice(at, at + kSlice));
    send_all(socket, slices);
  });
  relay("sendfile", data, [&](int socket) {  // a file, which this process never sees
    file.seek(0);
    send_stream(socket, file);
  });
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return EXIT_FAILURE;
}
