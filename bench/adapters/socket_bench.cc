// What leaves through a socket while another thread throws it away: from memory, from many pieces, from
// a file; beside the loops that programs have.

#include <array>
#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "moved.h"
#include "quire/adapters/socket.h"
#include "quire/bytes_io.h"
#include "quire/file_io.h"

namespace {

using namespace bench;

constexpr std::size_t kBuffer = 64 * kKiB;

std::size_t data_size() {
  return scaled(64 * kMiB);
}

/// A socket whose other end a thread reads and forgets.
class Drain {
 public:
  Drain() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()) != 0) std::abort();
    thread_ = std::jthread([end = ends_[1]] {
      std::vector<char> buffer(kMiB);
      while (::recv(end, buffer.data(), buffer.size(), 0) > 0) {
      }
    });
  }

  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;

  ~Drain() {
    ::close(ends_[0]);
    thread_.join();
    ::close(ends_[1]);
  }

  [[nodiscard]] int socket() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{};
  std::jthread thread_;
};

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
  long_row("socket/" + workload, peer, [=](benchmark::State& state) {
    const Drain drain;
    const Moved moved(state);
    for (auto _ : state) {
      rusage before{};
      rusage after{};
      ::getrusage(RUSAGE_THREAD, &before);
      send(drain.socket());
      ::getrusage(RUSAGE_THREAD, &after);
      const auto seconds = [](const rusage& usage) {
        return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
      };
      state.SetIterationTime(seconds(after) - seconds(before));
    }
    count_bytes(state, data_size());
  })->UseManualTime();
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
  return run(argc, argv);
}
