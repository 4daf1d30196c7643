// Sockets in earnest: pairs and TCP over the loopback interface, with little room, slow and closed
// peers, signals and timeouts.
#include "quire/adapters/socket.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "adapters/support/filter_properties.h"
#include "quire/adapters/gtest.h"
#include "quire/buffered_io.h"
#include "quire/bytes_io.h"
#include "quire/file_io.h"
#include "quire/spooled_io.h"
#include "support/loopback.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using namespace std::chrono_literals;
using std::string;
using test::Loopback;
using test::pattern;
using test::random_bytes;
using test::TestStream;
using test::text;

Loopback socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
  return {FileIO(ends[0], "r+"), FileIO(ends[1], "r+")};
}

void little_room(int socket) {
  const int room = 4096;
  ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

void non_blocking(int socket) {
  ASSERT_EQ(::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK), 0);
}

/// A way to connect two sockets, and what they are like.
struct Kind {
  string name;
  std::function<Loopback()> connect;
};

std::vector<Kind> kinds() {
  std::vector<Kind> all;
  for (const bool tcp : {false, true}) {
    for (const bool blocking : {true, false}) {
      all.push_back({string(tcp ? "TCP" : "pair") + (blocking ? "" : ", non-blocking"), [=] {
                       Loopback made = tcp ? test::connect_loopback() : socket_pair();
                       little_room(made.client.fileno());
                       if (!blocking) {
                         non_blocking(made.client.fileno());
                         non_blocking(made.server.fileno());
                       }
                       return made;
                     }});
    }
  }
  return all;
}

/// All that comes until the peer ends, by calls of its own and with pauses.
std::future<string> receive_slowly(int socket) {
  return std::async(std::launch::async, [socket] {
    string all;
    std::array<char, 3000> room{};
    for (int i = 0;; ++i) {
      if (i % 64 == 0) std::this_thread::sleep_for(1ms);
      const ssize_t count = ::recv(socket, room.data(), room.size(), 0);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (count <= 0) return all;
      all.append(room.data(), static_cast<std::size_t>(count));
    }
  });
}

/// What `action` throws: its error number and how much had been moved.
template <class Action>
std::pair<int, std::size_t> failure(Action&& action) {
  try {
    action();
  } catch (const TransferError& error) {
    return {error.code().value(), error.moved()};
  }
  return {0, 0};
}

TEST(SendAll, SendsAllWhateverTheSocketTakesAtOnce) {
  const string data = random_bytes(2'000'000);
  for (const Kind& kind : kinds()) {
    Loopback sockets = kind.connect();
    std::future<string> received = receive_slowly(sockets.server.fileno());
    EXPECT_COPIED_AT_MOST(0) {
      send_all(sockets.client.fileno(), data);
    }
    send_all(sockets.client.fileno(), "");
    sockets.client.close();
    EXPECT_TRUE(received.get() == data) << kind.name;
  }
}

// More slices than a call takes, empty ones among them, cut anywhere.
TEST(SendAll, GathersManySlices) {
  std::vector<Bytes> slices;
  string expected;
  for (std::size_t i = 0; i < 5000; ++i) {
    const std::size_t size = i % 11 == 0 ? 0 : i % 97 == 0 ? 9000 : i % 60;
    slices.emplace_back(ByteSpan(pattern(size)));
    expected += pattern(size);
  }
  for (const Kind& kind : kinds()) {
    Loopback sockets = kind.connect();
    std::future<string> received = receive_slowly(sockets.server.fileno());
    send_all(sockets.client.fileno(), slices);
    send_all(sockets.client.fileno(), std::vector<string>{"", "of", " ", "strings", ""});
    send_all(sockets.client.fileno(), std::vector<ByteSpan>());
    send_all(sockets.client.fileno(), std::vector<ByteSpan>(1000));
    sockets.client.close();
    EXPECT_TRUE(received.get() == expected + "of strings") << kind.name;
  }
}

TEST(RecvInto, FillsWhatItIsGiven) {
  const string data = random_bytes(500'000);
  for (const Kind& kind : kinds()) {
    Loopback sockets = kind.connect();
    auto sent = std::async(std::launch::async, [&] {
      for (std::size_t at = 0; at < data.size(); at += 7777) {
        send_all(sockets.client.fileno(),
                 ByteSpan(data).subspan(at, std::min<std::size_t>(7777, data.size() - at)));
      }
      sockets.client.close();
    });
    string first(100'000, '\0');
    EXPECT_EQ(recv_into(sockets.server.fileno(), first), first.size());
    EXPECT_EQ(recv_into(sockets.server.fileno(), MutableByteSpan()), 0U);
    std::vector<string> pieces;
    for (std::size_t i = 0; i < 1000; ++i) pieces.emplace_back(i % 5 == 0 ? 0 : i % 300, '\0');
    std::vector<MutableByteSpan> slices(pieces.begin(), pieces.end());
    std::size_t total = 0;
    for (const string& piece : pieces) total += piece.size();
    EXPECT_EQ(recv_into(sockets.server.fileno(), slices), total);
    string rest(500'000, '\0');
    rest.resize(recv_into(sockets.server.fileno(), rest));
    string all = first;
    for (const string& piece : pieces) all += piece;
    EXPECT_TRUE(all + rest == data) << kind.name << ": less when the peer ends";
    EXPECT_EQ(recv_into(sockets.server.fileno(), first), 0U);
    sent.get();
  }
}

TEST(RecvInto, FillsAViewInPlace) {
  Loopback sockets = socket_pair();
  BytesIO stream;
  stream.resize(10);
  send_all(sockets.client.fileno(), "0123456789abc");
  EXPECT_COPIED_AT_MOST(0) {
    recv_into(sockets.server.fileno(), stream.getbuffer());
  }
  EXPECT_EQ(text(stream.getvalue()), "0123456789");
}

TEST(RecvInto, ReceivesToTheEndOfAStream) {
  const string data = random_bytes(1'500'000);

  class Derived : public BytesIO {};

  const std::vector<std::pair<string, std::function<std::unique_ptr<BytesIO>()>>> targets = {
      {"BytesIO", [] { return std::make_unique<BytesIO>(); }},
      {"paged",
       [] { return std::make_unique<BytesIO>(StorageOptions{.tier = StorageOptions::paged}); }},
      {"derived", [] { return std::make_unique<Derived>(); }},
      {"spooled", [] { return std::make_unique<SpooledIO>(SpooledOptions{.max_size = 100'000}); }},
  };
  for (const Kind& kind : kinds()) {
    for (const auto& [name, make] : targets) {
      SCOPED_TRACE(kind.name + ", " + name);
      Loopback sockets = kind.connect();
      auto sent = std::async(std::launch::async, [&] {
        send_all(sockets.client.fileno(), data);
        sockets.client.close();
      });
      const std::unique_ptr<BytesIO> stream = make();
      stream->write("before");
      EXPECT_EQ(recv_into(sockets.server.fileno(), *stream, 5), 5U);
      EXPECT_EQ(stream->tell(), 11U);
      const Bytes snapshot = stream->getvalue();
      EXPECT_EQ(recv_into(sockets.server.fileno(), *stream), data.size() - 5);
      EXPECT_EQ(recv_into(sockets.server.fileno(), *stream), 0U);
      EXPECT_TRUE(stream->getvalue() == ByteSpan("before" + data));
      EXPECT_TRUE(snapshot == ByteSpan("before" + data.substr(0, 5)));
      sent.get();
    }
  }
}

TEST(RecvInto, StopsAtTheEndOfAFixedBuffer) {
  Loopback sockets = socket_pair();
  send_all(sockets.client.fileno(), "0123456789");
  std::array<std::byte, 8> memory{};
  BytesIO stream = BytesIO::over(memory, WhenFull::Short);
  EXPECT_EQ(recv_into(sockets.server.fileno(), stream), 8U);
  BytesIO strict = BytesIO::over(std::span(memory).first(1));
  EXPECT_THROW(recv_into(sockets.server.fileno(), strict), std::length_error);
  EXPECT_EQ(text(strict.getvalue()), "8");
}

// A stream with a limit was asked for room for a whole piece, and refused messages that were to fit.
TEST(RecvInto, FillsAStreamUpToItsLimit) {
  class Derived : public BytesIO {
   public:
    using BytesIO::BytesIO;
  };

  const string data = random_bytes(300'000);
  for (const std::size_t limit : {1UL, 4096UL, 4097UL, data.size() - 1, data.size()}) {
    std::vector<std::unique_ptr<BytesIO>> targets;
    targets.push_back(std::make_unique<BytesIO>(StorageOptions{.size_limit = limit}));
    targets.push_back(std::make_unique<Derived>(StorageOptions{.size_limit = limit}));
    targets.push_back(std::make_unique<SpooledIO>(SpooledOptions{.size_limit = limit}));
    targets.push_back(
        std::make_unique<SpooledIO>(SpooledOptions{.max_size = 100'000, .size_limit = limit}));
    std::vector<std::byte> memory(limit);
    targets.push_back(std::make_unique<BytesIO>(BytesIO::over(memory)));
    for (const auto& stream : targets) {
      Loopback sockets = socket_pair();
      auto sent = std::async(std::launch::async, [&] {
        send_all(sockets.client.fileno(), data);
        sockets.client.close();
      });
      const int socket = sockets.server.fileno();
      if (limit == data.size()) {
        EXPECT_EQ(recv_into(socket, *stream), data.size());
      } else {
        EXPECT_THROW(recv_into(socket, *stream), std::length_error);
      }
      EXPECT_TRUE(text(stream->getvalue()) == data.substr(0, limit)) << limit;
      string rest(data.size() - limit, '\0');
      EXPECT_EQ(recv_into(socket, rest), rest.size());
      EXPECT_TRUE(rest == data.substr(limit)) << "nothing is lost";
      sent.get();
    }
  }
}

// --- whole streams ---------------------------------------------------------------------------------

const test::TempDirectory& directory() {
  static const test::TempDirectory directory;
  return directory;
}

TEST(SendStream, SendsWhatIsLeftOfAnyStream) {
  const string data = random_bytes(1'000'000);
  const string path = directory().make("data", data);
  const std::vector<std::pair<string, std::function<std::unique_ptr<Stream>()>>> sources = {
      {"BytesIO", [&] { return std::make_unique<BytesIO>(Bytes(data)); }},
      {"SpooledIO",
       [&] { return std::make_unique<SpooledIO>(Bytes(data), SpooledOptions{.max_size = 10}); }},
      {"FileIO", [&] { return std::make_unique<FileIO>(path); }},
      {"BufferedReader", [&] { return std::make_unique<BufferedReader>(FileIO(path)); }},
      {"BufferedRandom", [&] { return std::make_unique<BufferedRandom>(FileIO(path, "r+")); }},
      {"buffered memory", [&] { return std::make_unique<BufferedReader>(BytesIO(Bytes(data))); }},
      {"pieces",
       [&] {
         return std::make_unique<TestStream>(data,
                                             TestStream::Options{.most_a_call = 999, .log = false});
       }},
  };
  for (const Kind& kind : kinds()) {
    for (const auto& [name, make] : sources) {
      SCOPED_TRACE(kind.name + ", " + name);
      Loopback sockets = kind.connect();
      const std::unique_ptr<Stream> source = make();
      EXPECT_EQ(text(source->read(10)), data.substr(0, 10));
      std::future<string> received = receive_slowly(sockets.server.fileno());
      EXPECT_EQ(send_stream(sockets.client.fileno(), *source, 1000, 10s), 1000U);
      EXPECT_EQ(source->tell(), 1010U);
      EXPECT_EQ(text(source->read(10)), data.substr(1010, 10));
      EXPECT_EQ(send_stream(sockets.client.fileno(), *source), data.size() - 1020);
      EXPECT_EQ(send_stream(sockets.client.fileno(), *source), 0U) << "at the end";
      EXPECT_EQ(source->tell(), data.size());
      sockets.client.close();
      EXPECT_TRUE(received.get() == data.substr(10, 1000) + data.substr(1020));
    }
  }
}

TEST(SendStream, SendsWhatWasWrittenThroughABuffer) {
  const string path = directory().make("written", "0123456789");
  BufferedRandom file(FileIO(path, "r+"));
  file.write("abc");
  Loopback sockets = socket_pair();
  EXPECT_EQ(send_stream(sockets.client.fileno(), file), 7U);
  file.seek(0);
  EXPECT_EQ(send_stream(sockets.client.fileno(), file, 5), 5U);
  string got(12, '\0');
  EXPECT_EQ(recv_into(sockets.server.fileno(), got), 12U);
  EXPECT_EQ(got, "3456789abc34");
}

// A file cannot be sent to a file by a socket's calls, but says so.
TEST(SendStream, CopiesNothingOfSharedMemory) {
  Loopback sockets = socket_pair();
  BytesIO source{Bytes(pattern(100'000))};
  std::future<string> received = receive_slowly(sockets.server.fileno());
  EXPECT_COPIED_AT_MOST(0) {
    send_stream(sockets.client.fileno(), source);
  }
  sockets.client.close();
  EXPECT_EQ(received.get().size(), 100'000U);
}

TEST(SendStream, ASourceStandsBehindWhatWasSent) {
  const string data = pattern(2'000'000);
  const string path = directory().make("more", data);
  for (const bool file : {true, false}) {
    for (const Kind& kind : kinds()) {
      SCOPED_TRACE(kind.name);
      Loopback sockets = kind.connect();
      std::unique_ptr<Stream> source;
      if (file) {
        source = std::make_unique<FileIO>(path);
      } else {
        source = std::make_unique<BytesIO>(Bytes(data));
      }
      const auto [error, moved] =
          failure([&] { send_stream(sockets.client.fileno(), *source, npos, 30ms); });
      EXPECT_EQ(error, ETIMEDOUT);
      EXPECT_GT(moved, 0U);
      EXPECT_EQ(source->tell(), moved);
      const bool blocking = (::fcntl(sockets.client.fileno(), F_GETFL) & O_NONBLOCK) == 0;
      EXPECT_EQ(blocking, kind.name.find("non") == string::npos) << "the socket is as it was";
      std::future<string> received = receive_slowly(sockets.server.fileno());
      EXPECT_EQ(send_stream(sockets.client.fileno(), *source), data.size() - moved);
      sockets.client.close();
      EXPECT_TRUE(received.get() == data) << "nothing twice, nothing left out";
    }
  }
}

// --- failures --------------------------------------------------------------------------------------

// SIGPIPE has its default action here: were it raised, this program would end.
TEST(Socket, AClosedPeerIsAnErrorAndNoSignal) {
  const string data = random_bytes(3'000'000);
  const string path = directory().make("unwanted", data);
  ASSERT_EQ(std::signal(SIGPIPE, SIG_DFL), SIG_DFL);
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    const auto gone = [](int error) { return error == EPIPE || error == ECONNRESET; };
    for (const auto& send : std::vector<std::function<void(int)>>{
             [&](int socket) { send_all(socket, data); },
             [&](int socket) {
               send_all(socket, std::vector<ByteSpan>{data, data});
             },
             [&](int socket) {
               FileIO file(path);
               send_stream(socket, file);
             },
             [&](int socket) {
               BytesIO memory{Bytes(data)};
               send_stream(socket, memory);
             }}) {
      Loopback sockets = kind.connect();
      auto closing = std::async(std::launch::async, [&] {
        string some(1000, '\0');
        recv_into(sockets.server.fileno(), some);
        sockets.server.close();
      });
      const auto [error, moved] = failure([&] { send(sockets.client.fileno()); });
      EXPECT_TRUE(gone(error)) << error;
      EXPECT_GE(moved, 1000U);
      EXPECT_LT(moved, data.size());
      closing.get();
      EXPECT_TRUE(gone(failure([&] { send(sockets.client.fileno()); }).first)) << "the next one";
    }
  }
  sigset_t pending;
  ::sigpending(&pending);
  EXPECT_EQ(::sigismember(&pending, SIGPIPE), 0) << "none is left behind";
}

TEST(Socket, AResetConnectionIsNoEnd) {
  Loopback sockets = test::connect_loopback();
  send_all(sockets.client.fileno(), "never read");
  const linger at_once{1, 0};
  send_all(sockets.server.fileno(), "abc");
  ::setsockopt(sockets.server.fileno(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  sockets.server.close();
  string target(100, '\0');
  EXPECT_EQ(failure([&] { recv_into(sockets.client.fileno(), target); }).first, ECONNRESET);
}

TEST(Socket, ATimeoutIsForTheWholeCall) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    Loopback sockets = kind.connect();
    const auto begin = std::chrono::steady_clock::now();
    string target(1000, '\0');
    EXPECT_EQ(failure([&] { recv_into(sockets.server.fileno(), target, 20ms); }),
              std::pair(ETIMEDOUT, std::size_t{0}));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
    send_all(sockets.client.fileno(), "some");
    EXPECT_EQ(failure([&] { recv_into(sockets.server.fileno(), target, 20ms); }),
              std::pair(ETIMEDOUT, std::size_t{4}));
    EXPECT_EQ(target.substr(0, 4), "some");
    BytesIO stream;
    send_all(sockets.client.fileno(), "more");
    EXPECT_EQ(failure([&] { recv_into(sockets.server.fileno(), stream, npos, 20ms); }),
              std::pair(ETIMEDOUT, std::size_t{4}));
    EXPECT_EQ(text(stream.getvalue()), "more") << "what has come is there";
    EXPECT_EQ(failure([&] { recv_into(sockets.server.fileno(), target, 0ms); }).first, ETIMEDOUT);

    const string data = random_bytes(2'000'000);
    const auto [error, moved] = failure([&] { send_all(sockets.client.fileno(), data, 20ms); });
    EXPECT_EQ(error, ETIMEDOUT);
    EXPECT_GT(moved, 0U);
    std::future<string> received = receive_slowly(sockets.server.fileno());
    send_all(sockets.client.fileno(), ByteSpan(data).subspan(moved), 60s);
    sockets.client.close();
    EXPECT_TRUE(received.get() == data) << "moved() says where to go on";
  }
}

// A peer that sends a byte now and then does not hold a call up for ever.
TEST(Socket, ATrickleDoesNotExtendATimeout) {
  Loopback sockets = socket_pair();
  std::jthread trickle([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      if (::send(sockets.client.fileno(), "x", 1, MSG_NOSIGNAL) != 1) return;
      std::this_thread::sleep_for(2ms);
    }
  });
  string target(2'000, '\0');  // which would take it four seconds
  const auto begin = std::chrono::steady_clock::now();
  const auto [error, moved] = failure([&] { recv_into(sockets.server.fileno(), target, 50ms); });
  EXPECT_EQ(error, ETIMEDOUT);
  EXPECT_GT(moved, 0U);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
}

// Who never had to wait never looked at the clock.
TEST(Socket, NorDoesDataThatIsAlwaysThere) {
  class Slow : public BytesIO {
   public:
    std::size_t write(ByteSpan data) override {
      std::this_thread::sleep_for(30ms);
      return BytesIO::write(data);
    }
  };

  const string data = random_bytes(50'000);
  Loopback sockets = socket_pair();
  send_all(sockets.client.fileno(), data);
  sockets.client.close();
  Slow stream;
  const auto [error, moved] =
      failure([&] { recv_into(sockets.server.fileno(), stream, npos, 20ms); });
  EXPECT_EQ(error, ETIMEDOUT);
  EXPECT_GT(moved, 0U);
  EXPECT_EQ(text(stream.getvalue()), data.substr(0, moved));
}

// The longest time there is was over before it had begun.
TEST(Socket, ATimeoutMayBeAsLongAsItLikes) {
  Loopback sockets = socket_pair();
  std::jthread sender([&] {
    std::this_thread::sleep_for(10ms);
    send_all(sockets.client.fileno(), "late");
  });
  string target(4, '\0');
  EXPECT_EQ(recv_into(sockets.server.fileno(), target, std::chrono::milliseconds::max()), 4U);
  EXPECT_EQ(failure([&] { recv_into(sockets.server.fileno(), target, -1ms); }).first, ETIMEDOUT);
}

std::atomic<int> signals = 0;  // a signal comes to any thread

// A timer whose handler does not restart calls: every wait and call is interrupted again and again.
TEST(Socket, SignalsInterruptNothing) {
  struct sigaction action {};
  action.sa_handler = [](int) { signals = signals + 1; };
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGALRM, &action, &before), 0);
  const string data = random_bytes(1'000'000);
  const string path = directory().make("interrupted", data);
  // Connecting can be interrupted, too, but that is not what is tested.
  struct Connected {
    string kind;
    Loopback busy, quiet;
  };
  std::vector<Connected> connected;
  for (const Kind& kind : kinds()) connected.push_back({kind.name, kind.connect(), kind.connect()});
  const itimerval often{{0, 500}, {0, 500}};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
  for (Connected& sockets : connected) {
    std::future<string> received = receive_slowly(sockets.busy.server.fileno());
    FileIO file(path);
    const int client = sockets.busy.client.fileno();
    const auto [error, moved] = failure([&] {
      send_all(client, data);
      send_stream(client, file, npos, 60s);
      file.seek(0);
      send_stream(client, file);  // waits in sendfile itself
    });
    sockets.busy.client.close();
    EXPECT_EQ(error, 0) << sockets.kind << ", after " << moved << " bytes";
    EXPECT_TRUE(received.get() == data + data + data) << sockets.kind;
    string target(10, '\0');
    EXPECT_EQ(failure([&] { recv_into(sockets.quiet.server.fileno(), target, 20ms); }).first,
              ETIMEDOUT);
  }
  const itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
  EXPECT_GT(signals, 0);
}

TEST(Socket, SaysWhatTheSystemSays) {
  string target(10, '\0');
  EXPECT_EQ(failure([&] { recv_into(-1, target); }).first, EBADF);
  EXPECT_EQ(failure([&] { send_all(-1, "abc"); }).first, EBADF);
  FileIO file(directory().make("no socket", "abc"));
  EXPECT_EQ(failure([&] { recv_into(file.fileno(), target); }).first, ENOTSOCK);
  EXPECT_EQ(failure([&] { send_all(file.fileno(), "abc"); }).first, ENOTSOCK);
  EXPECT_EQ(test::message_of<TransferError>([&] { send_all(file.fileno(), "abc"); }),
            "send after 0 bytes: Socket operation on non-socket");
  BytesIO closed;
  closed.close();
  EXPECT_THROW(recv_into(0, closed), ClosedError);
  EXPECT_THROW(send_stream(0, closed), ClosedError);
}

}  // namespace
}  // namespace quire
