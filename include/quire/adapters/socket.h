// Bytes through sockets, from where they are to where they stay: views, many slices at once, files by
// the kernel alone.
//
//     send_all(fd, f.getvalue());                                  // no copy on this side
//     recv_into(fd, f.getbuffer(), 5s);                            // into the stream's own memory
//     send_all(fd, std::vector<ByteSpan>{header, body, trailer});  // gathered by the kernel
//     send_stream(fd, file);                                       // sendfile, where there is a file
//
// Every call goes on until all is moved: after short sends, signals, and when a non-blocking socket is
// not ready. A closed peer is an error or the end of data, never a SIGPIPE. A timeout is for the whole
// call, on blocking sockets too. Link quire::socket, which needs nothing but POSIX (sendfile: Linux).
//
// Lifetime: descriptors stay the caller's, and what is sent or filled must live as long as the call.
// Thread: one thread may send on a socket while another receives.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <ranges>
#include <span>
#include <system_error>
#include <type_traits>
#include <vector>

#include "quire/byte_span.h"
#include "quire/bytes_io.h"
#include "quire/detail/export.h"
#include "quire/slice.h"
#include "quire/stream.h"

namespace quire {

/// How long a call may take at most; none: for ever.
using Timeout = std::optional<std::chrono::milliseconds>;

/// What all calls here throw when not all bytes were moved. The code says why: ETIMEDOUT, EPIPE or
/// ECONNRESET for a peer that is gone, or what else the system had to say.
class QUIRE_API TransferError : public std::system_error {
 public:
  TransferError(int error, const char* operation, std::size_t moved);

  /// Bytes that were moved before: where to go on, or what is in the target.
  [[nodiscard]] std::size_t moved() const noexcept { return moved_; }

 private:
  std::size_t moved_;
};

/// Sends all of `data`.
/// Cost:   no copy in this process.
/// Errors: TransferError, as for all that follow.
QUIRE_API void send_all(int socket, ByteSpan data, Timeout timeout = {});

/// Sends all of these, one after another, as many with one call to the system as it takes.
QUIRE_API void send_all(int socket, std::span<const ByteSpan> slices, Timeout timeout = {});

/// The same for any range of what is bytes: of Bytes, of strings, of views.
template <std::ranges::input_range Slices>
requires(!detail::ByteRange<Slices> && !std::convertible_to<Slices, ByteSpan> &&
         std::convertible_to<std::ranges::range_reference_t<Slices>, ByteSpan> &&
         std::is_reference_v<std::ranges::range_reference_t<Slices>>)  //
    void send_all(int socket, Slices&& slices, Timeout timeout = {}) {
  std::vector<ByteSpan> spans;
  for (auto&& slice : slices) spans.emplace_back(slice);
  send_all(socket, std::span<const ByteSpan>(spans), timeout);
}

/// Fills `target`; returns how much of it, which is less when the peer has ended before.
QUIRE_API std::size_t recv_into(int socket, MutableByteSpan target, Timeout timeout = {});

/// Fills these, one after another; returns the bytes received.
QUIRE_API std::size_t recv_into(int socket, std::span<const MutableByteSpan> slices,
                                Timeout timeout = {});

/// Receives to the position of `stream`, until the peer ends or `most` bytes have come; advances, and
/// returns how many. What came before an error is in the stream.
/// Cost:   no copy: into the memory of the stream, which grows as by write(). A class derived from
///         BytesIO, and a SpooledIO in its file, get it by write(), from a buffer.
/// Errors: those of the stream, too.
QUIRE_API std::size_t recv_into(int socket, BytesIO& stream, std::size_t most = npos,
                                Timeout timeout = {});

/// Sends from the position of `source` to its end, or `most` bytes; advances by what was sent, also when
/// it fails, where the source can seek. Returns how much that was.
/// Cost:   by sendfile(), never seen by this process, for FileIO, BufferedReader and BufferedRandom over
///         a file; without a copy where read() shares memory, as in a BytesIO.
/// Errors: those of the source, too.
QUIRE_API std::size_t send_stream(int socket, Stream& source, std::size_t most = npos,
                                  Timeout timeout = {});

}  // namespace quire
