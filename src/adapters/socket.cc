#include "quire/adapters/socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "../platform/blocked_signal.h"
#include "quire/buffered_io.h"
#include "quire/detail/lent_room.h"
#include "quire/file_io.h"

namespace quire {

namespace {

using Clock = std::chrono::steady_clock;

// What is read of a source at a time, and received by a stream that lends no memory.
constexpr std::size_t kPiece = std::size_t{256} << 10;

// What is received into a stream at a time: the first one is small, as most messages are.
constexpr std::size_t kFirstRoom = std::size_t{4} << 10;

// The kernel takes no more at once.
constexpr std::size_t kMostSendfile = 0x7ffff000;

/// The time that is left of a call.
class Deadline {
 public:
  explicit Deadline(Timeout timeout) {
    using std::chrono::milliseconds;
    const Clock::time_point now = Clock::now();
    const auto most = std::chrono::floor<milliseconds>(Clock::time_point::max() - now);
    limited_ = timeout && *timeout < most;
    if (limited_) end_ = now + std::max(*timeout, milliseconds(0));
  }

  [[nodiscard]] bool limited() const noexcept { return limited_; }

  [[nodiscard]] bool over() const { return limited_ && Clock::now() >= end_; }

  /// Waits until the socket is ready for `events`, or has failed, which the next call will tell.
  /// Returns 0, or an error number.
  [[nodiscard]] int wait(int socket, short events) const {
    for (;;) {
      pollfd ready{socket, events, 0};
      const int count = ::poll(&ready, 1, left());
      if (count > 0) return (ready.revents & POLLNVAL) != 0 ? EBADF : 0;
      if (count < 0 && errno != EINTR) return errno;
      if (count == 0 && (!limited_ || over())) return ETIMEDOUT;
    }
  }

 private:
  [[nodiscard]] int left() const {
    if (!limited_) return -1;
    // Rounded up: one that is not over yet must wait, not poll round and round.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now()).count();
    return static_cast<int>(std::clamp<decltype(left)>(left, 0, INT_MAX));
  }

  bool limited_ = false;
  Clock::time_point end_;
};

/// Does `call()`, which returns a count or -1, again until it has an answer: after a signal at once, else
/// when the socket is ready. Returns the count, or less than 0 for an error number. What comes after
/// `moved` bytes must be in time even if the socket is ready: a fast peer is no slower to end than a
/// slow one.
template <class Call>
[[nodiscard]] ssize_t repeat(int socket, short events, const Deadline& deadline, std::size_t moved,
                             Call call) {
  if (moved != 0 && deadline.over()) return -ETIMEDOUT;
  for (;;) {
    const ssize_t count = call();
    if (count >= 0) return count;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -errno;
    if (const int error = deadline.wait(socket, events)) return -error;
  }
}

/// A few of many slices, as the system wants them.
template <class Span>
class Window {
 public:
  explicit Window(std::span<const Span> slices) : slices_(slices) { fill(); }

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

  [[nodiscard]] msghdr message() noexcept {
    msghdr message{};
    message.msg_iov = parts_.data();
    message.msg_iovlen = count_;
    return message;
  }

  /// Goes on behind the next `size` bytes.
  void advance(std::size_t size) {
    while (size != 0) {
      const std::size_t here = std::min(size, slices_[0].size() - offset_);
      size -= here;
      offset_ += here;
      if (offset_ == slices_[0].size()) next();
    }
    fill();
  }

 private:
  void next() noexcept {
    slices_ = slices_.subspan(1);
    offset_ = 0;
  }

  void fill() noexcept {
    while (!slices_.empty() && slices_[0].size() == offset_) next();
    count_ = 0;
    std::size_t offset = offset_;
    for (const Span& slice : slices_) {
      if (count_ == parts_.size()) break;
      if (slice.size() != offset) {
        parts_[count_++] = {const_cast<std::byte*>(slice.data()) + offset, slice.size() - offset};
      }
      offset = 0;
    }
  }

  // Fewer than IOV_MAX: beyond this a call moves so much that its own price is none.
  std::array<iovec, 256> parts_;
  std::size_t count_ = 0;
  std::span<const Span> slices_;
  std::size_t offset_ = 0;
};

static_assert(sizeof(Window<ByteSpan>) < 8192 && 256 <= IOV_MAX);

/// Sends all, and adds what was sent to `moved`.
void send_slices(int socket, std::span<const ByteSpan> slices, const Deadline& deadline,
                 std::size_t& moved) {
  Window<ByteSpan> window(slices);
  while (!window.empty()) {
    const msghdr message = window.message();
    const ssize_t count = repeat(socket, POLLOUT, deadline, moved, [&] {
      return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    });
    if (count < 0) throw TransferError(static_cast<int>(-count), "send", moved);
    moved += static_cast<std::size_t>(count);
    window.advance(static_cast<std::size_t>(count));
  }
}

/// Receives once, after `moved` bytes; 0 is the end.
std::size_t receive(int socket, MutableByteSpan target, const Deadline& deadline, std::size_t moved,
                    int flags = 0) {
  const ssize_t count = repeat(socket, POLLIN, deadline, moved, [&] {
    return ::recv(socket, target.data(), target.size(), MSG_DONTWAIT | flags);
  });
  if (count < 0) throw TransferError(static_cast<int>(-count), "receive", moved);
  return static_cast<std::size_t>(count);
}

/// sendfile() has no flag against waiting: a socket that waits is made not to meanwhile.
class NonBlocking {
 public:
  NonBlocking(int socket, bool wanted) : socket_(socket), flags_(::fcntl(socket, F_GETFL)) {
    changed_ = wanted && flags_ >= 0 && (flags_ & O_NONBLOCK) == 0 &&
               ::fcntl(socket, F_SETFL, flags_ | O_NONBLOCK) == 0;
  }

  ~NonBlocking() {
    if (changed_) ::fcntl(socket_, F_SETFL, flags_);
  }

  NonBlocking(const NonBlocking&) = delete;
  NonBlocking& operator=(const NonBlocking&) = delete;

 private:
  int socket_;
  int flags_;
  bool changed_;
};

/// The descriptor of a regular file that holds just what the stream reads; -1 if there is none.
int file_under(Stream& source) {
  const std::type_info& type = typeid(source);
  if (type != typeid(FileIO) && type != typeid(BufferedReader) && type != typeid(BufferedRandom)) {
    return -1;
  }
  if (!source.seekable()) return -1;
  int file = -1;
  try {
    source.flush();
    file = source.fileno();
  } catch (const std::invalid_argument&) {
    return -1;  // buffered over what is no file
  }
  struct stat info {};
  return ::fstat(file, &info) == 0 && S_ISREG(info.st_mode) ? file : -1;
}

/// Sends by the kernel alone. False when it cannot with this file or socket, and nothing was sent.
bool send_file(int socket, int file, Stream& source, std::size_t most, const Deadline& deadline,
               std::size_t& moved) {
  // Nor has it one against SIGPIPE.
  const detail::BlockedSignal no_signal(SIGPIPE);
  const NonBlocking no_waiting(socket, deadline.limited());
  auto offset = static_cast<off_t>(source.tell());
  ssize_t count = 0;
  while (moved < most) {
    count = repeat(socket, POLLOUT, deadline, moved, [&] {
      return ::sendfile(socket, file, &offset, std::min(most - moved, kMostSendfile));
    });
    if (count <= 0) break;
    moved += static_cast<std::size_t>(count);
  }
  if (moved == 0 && (count == -EINVAL || count == -ENOSYS)) return false;
  source.seek(offset);
  if (count < 0) throw TransferError(static_cast<int>(-count), "sendfile", moved);
  return true;
}

}  // namespace

TransferError::TransferError(int error, const char* operation, std::size_t moved)
    : std::system_error(error, std::generic_category(),
                        std::string(operation) + " after " + std::to_string(moved) + " bytes"),
      moved_(moved) {}

void send_all(int socket, ByteSpan data, Timeout timeout) {
  send_all(socket, std::span<const ByteSpan>(&data, 1), timeout);
}

void send_all(int socket, std::span<const ByteSpan> slices, Timeout timeout) {
  std::size_t moved = 0;
  send_slices(socket, slices, Deadline(timeout), moved);
}

std::size_t recv_into(int socket, MutableByteSpan target, Timeout timeout) {
  return recv_into(socket, std::span<const MutableByteSpan>(&target, 1), timeout);
}

std::size_t recv_into(int socket, std::span<const MutableByteSpan> slices, Timeout timeout) {
  const Deadline deadline(timeout);
  Window<MutableByteSpan> window(slices);
  std::size_t moved = 0;
  while (!window.empty()) {
    msghdr message = window.message();
    const ssize_t count = repeat(socket, POLLIN, deadline, moved,
                                 [&] { return ::recvmsg(socket, &message, MSG_DONTWAIT); });
    if (count < 0) throw TransferError(static_cast<int>(-count), "receive", moved);
    if (count == 0) break;
    moved += static_cast<std::size_t>(count);
    window.advance(static_cast<std::size_t>(count));
  }
  return moved;
}

std::size_t recv_into(int socket, BytesIO& stream, std::size_t most, Timeout timeout) {
  const Deadline deadline(timeout);
  std::unique_ptr<std::byte[]> buffer;
  std::size_t moved = 0;
  while (moved < most) {
    const std::size_t fits = detail::LentRoom::most(stream);
    if (fits == 0) {
      // Full, which is an error only when there is more: it stays in the socket unless it is taken.
      std::byte next{};
      if (receive(socket, {&next, 1}, deadline, moved, MSG_PEEK) == 0) break;
      stream.write(ByteSpan(&next, 1));
      moved += receive(socket, {&next, 1}, Deadline({}), moved);
      continue;
    }
    const std::size_t wanted = std::min({most - moved, fits, moved == 0 ? kFirstRoom : kPiece});
    std::size_t count = 0;
    if (BytesIO* const lending = detail::lender(stream, wanted)) {
      detail::LentRoom room(*lending, wanted);
      MutableByteSpan target = room.span();
      target = target.subspan(0, std::min(target.size(), most - moved));
      if (target.empty()) break;  // a fixed buffer that takes short writes, and is full
      count = receive(socket, target, deadline, moved);
      room.commit(count);
    } else {
      if (!buffer) buffer = std::make_unique_for_overwrite<std::byte[]>(kPiece);
      count = receive(socket, {buffer.get(), wanted}, deadline, moved);
      stream.write(ByteSpan(buffer.get(), count));
    }
    if (count == 0) break;
    moved += count;
  }
  return moved;
}

std::size_t send_stream(int socket, Stream& source, std::size_t most, Timeout timeout) {
  const Deadline deadline(timeout);
  std::size_t moved = 0;
  if (const int file = file_under(source); file >= 0) {
    if (send_file(socket, file, source, most, deadline, moved)) return moved;
  }
  while (moved < most) {
    const Bytes piece = source.read1(static_cast<std::ptrdiff_t>(std::min(most - moved, kPiece)));
    if (piece.empty()) break;
    const std::size_t before = moved;
    const ByteSpan whole = piece;
    try {
      send_slices(socket, {&whole, 1}, deadline, moved);
    } catch (const TransferError&) {
      const std::size_t rest = piece.size() - (moved - before);
      if (source.seekable()) source.seek(-static_cast<std::ptrdiff_t>(rest), Whence::Current);
      throw;
    }
  }
  return moved;
}

}  // namespace quire
