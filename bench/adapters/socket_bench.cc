// What leaves through a socket while another thread throws it away: from memory, from many pieces, from
// a file; and what another thread sends; beside the loops that programs have.

#include <array>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "quire/adapters/socket.h"
#include "quire/bytes_io.h"
#include "quire/file_io.h"
#include "thread_time.h"

namespace {

using namespace bench;

constexpr std::size_t kBuffer = 64 * kKiB;

std::size_t data_size() {
  return scaled(64 * kMiB);
}

/// A socket at whose other end a thread does its work, and then closes it.
class Peer {
 public:
  template <class Work>
  explicit Peer(Work work) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()) != 0) std::abort();
    thread_ = std::jthread([end = ends_[1], work] {
      work(end);
      ::close(end);
    });
  }

  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  ~Peer() { ::close(ends_[0]); }

  [[nodiscard]] int socket() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{};
  std::jthread thread_;
};

void read_and_forget(int socket) {
  std::vector<char> buffer(kMiB);
  while (::recv(socket, buffer.data(), buffer.size(), 0) > 0) {
  }
}

void send_plainly(int socket, const char* data, std::size_t size) {
  while (size != 0) {
    const ssize_t count = ::send(socket, data, size, MSG_NOSIGNAL);
    if (count < 0) std::abort();
    data += count;
    size -= static_cast<std::size_t>(count);
  }
}

/// The processor time of the sending thread alone; `send` sends all once.
template <class Send>
void send_row(const std::string& workload, std::string_view peer, Send send) {
  const auto drain = std::make_shared<Peer>(read_and_forget);
  thread_row("socket/" + workload, peer, data_size(), [=] { send(drain->socket()); });
}

/// That of the receiving one; `receive` returns how much came.
template <class Receive>
void receive_row(std::string_view peer, const std::string& data, Receive receive) {
  thread_row("socket/64 MiB received to the end", peer, data_size(), [=, &data] {
    const Peer sender([&data](int socket) { send_plainly(socket, data.data(), data.size()); });
    if (receive(sender.socket()) != data.size()) std::abort();
  });
}

/// A file of the data, removed at the end.
class DataFile {
 public:
  DataFile() : path_("/tmp/quire-bench-socket-" + std::to_string(::getpid())) {
    std::ofstream(path_, std::ios_base::binary) << random_text(data_size());
  }

  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;

  ~DataFile() { ::unlink(path_.c_str()); }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

int main(int argc, char** argv) {
  const quire::BytesIO stream(quire::Bytes(random_text(data_size())));
  send_row("64 MiB of a stream", "quire",
           [&](int socket) { quire::send_all(socket, stream.getvalue()); });
  send_row("64 MiB of a stream", "a buffer", [&](int socket) {
    quire::BytesIO source = stream.reader();
    std::vector<char> buffer(kBuffer);
    while (const std::size_t count = source.readinto(buffer)) {
      send_plainly(socket, buffer.data(), count);
    }
  });

  std::vector<quire::Bytes> slices;
  for (std::size_t at = 0; at < data_size(); at += 1000)
    slices.push_back(stream.slice(at, at + 1000));
  send_row("64 MiB in pieces of 1000 B", "quire",
           [&](int socket) { quire::send_all(socket, slices); });
  send_row("64 MiB in pieces of 1000 B", "joined first", [&](int socket) {
    std::string all;
    for (const quire::Bytes& slice : slices) all += std::string_view(slice);
    send_plainly(socket, all.data(), all.size());
  });
  send_row("64 MiB in pieces of 1000 B", "one by one", [&](int socket) {
    for (const quire::Bytes& slice : slices) {
      const std::string_view piece = slice;
      send_plainly(socket, piece.data(), piece.size());
    }
  });

  const DataFile file;
  send_row("64 MiB of a file", "quire", [&](int socket) {
    quire::FileIO source(file.path());
    quire::send_stream(socket, source);
  });
  send_row("64 MiB of a file", "a buffer", [&](int socket) {
    quire::FileIO source(file.path());
    std::vector<char> buffer(kBuffer);
    while (const std::size_t count = source.readinto(buffer)) {
      send_plainly(socket, buffer.data(), count);
    }
  });

  const std::string data = random_text(data_size());
  receive_row("quire", data, [](int socket) {
    quire::BytesIO received;
    return quire::recv_into(socket, received);
  });
  receive_row("a buffer", data, [](int socket) {
    std::string received;
    std::vector<char> buffer(kBuffer);
    ssize_t count = 0;
    while ((count = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0) {
      received.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return received.size();
  });
  return run(argc, argv);
}
