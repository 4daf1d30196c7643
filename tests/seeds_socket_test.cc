// The seeds' sockets and HTTP, over the loopback interface: docs/seeds.md lists each test beside the
// lines that it is about.
#include <cstddef>
#include <future>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "quire/quire.h"
#include "support/loopback.h"

namespace quire {
namespace {

using test::connect_loopback;
using test::Loopback;

/// Fills `room` from a stream that delivers in parts.
void receive(Stream& source, MutableMemoryView room) {
  while (!room.empty()) {
    const std::size_t count = source.readinto(room);
    if (count == 0) throw std::runtime_error("the connection ended early");
    room = room.slice(count);
  }
}

TEST(SeedSockets, HundredMegabytesAreSentWithoutACopy) {
  constexpr std::size_t kSize = 1024 * 100000;
  Loopback connection = connect_loopback();
  std::future<Bytes> received = std::async(std::launch::async, [&] {
    BytesIO stream;
    stream.resize(kSize);
    receive(connection.server, stream.getbuffer());
    EXPECT_EQ(thread_ledger().copied_total(), 0u) << "received in place";
    return stream.getvalue();
  });

  const Bytes data(kSize, std::byte{'a'});
  // Little room, and a send takes what there is room for rather than wait: some 780 sends.
  const int room = 64 * 1024;
  ::setsockopt(connection.client.fileno(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  EXPECT_EQ(::fcntl(connection.client.fileno(), F_SETFL, O_NONBLOCK), 0);
  pollfd ready{connection.client.fileno(), POLLOUT, 0};
  const Ledger before = thread_ledger();
  int sends = 0;
  MemoryView mv(data);
  while (!mv.empty()) {
    ::poll(&ready, 1, -1);
    const std::size_t sent = connection.client.write_some(mv);
    mv = mv.slice(sent);
    ++sends;
  }
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
  EXPECT_GT(sends, 10);
  EXPECT_TRUE(received.get() == data);
}

/// The start of a request or response and its body.
struct Message {
  std::string start;
  std::map<std::string, std::string> headers;
  Bytes body;
};

Message read_message(Stream& stream) {
  Message message;
  message.start = stream.readline().strip().to_string();
  for (Bytes line = stream.readline().strip(); !line.empty(); line = stream.readline().strip()) {
    const auto [name, colon, value] = line.partition(":");
    message.headers[name.to_string()] = value.strip().to_string();
  }
  if (const auto size = message.headers.find("Content-Length"); size != message.headers.end()) {
    message.body = stream.read(std::stoi(size->second));
  }
  return message;
}

void write_message(Stream& stream, const std::string& start, BytesIO& body) {
  BufferedWriter out(stream);
  out.write(start + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
  copyfileobj(body, out);
  out.flush();
}

TEST(SeedSockets, AResponseIsCaughtInAStreamAndPostedAgain) {
  const std::string picture(300'000, '\x89');
  Loopback connection = connect_loopback();
  std::future<Bytes> posted = std::async(std::launch::async, [&] {
    BufferedReader in(connection.server);
    EXPECT_EQ(read_message(in).start, "GET /image HTTP/1.1");
    BytesIO body{ByteSpan(picture)};
    write_message(connection.server, "HTTP/1.1 200 OK", body);
    const Message request = read_message(in);
    EXPECT_EQ(request.start, "POST /image HTTP/1.1");
    return request.body;
  });

  // Capture response.
  connection.client.write("GET /image HTTP/1.1\r\nHost: localhost\r\n\r\n");
  BufferedReader in(connection.client);
  const Message response = read_message(in);
  BytesIO stream(response.body);

  // Inspect response.
  EXPECT_EQ(response.start, "HTTP/1.1 200 OK");
  EXPECT_EQ(response.headers.at("Content-Length"), "300000");
  EXPECT_EQ(stream.getvalue().size(), picture.size());

  // Reuse response.
  write_message(connection.client, "POST /image HTTP/1.1", stream);
  EXPECT_TRUE(posted.get() == picture);
}

}  // namespace
}  // namespace quire
