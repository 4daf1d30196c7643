// StreamBody: the body of a Beast HTTP message that is a BytesIO, or a SpooledIO.
//
//     http::request<StreamBody<SpooledIO>> upload{http::verb::put, "/", 11};
//     upload.body() = SpooledIO(SpooledOptions{.max_size = 1 << 20});
//     upload.body().write(data);
//     upload.prepare_payload();
//     http::write(socket, upload);  // from the memory or the file of the stream
//
// The buffers of the operations are those of quire/adapters/asio.h: a StreamBuffer is a buffer for
// http::read(). Link quire::beast, and Boost's libraries as your part of Beast wants them.
//
// Lifetime: a message owns its stream. What is being sent is a snapshot. Thread: as a message.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"

namespace quire {

/// Beast's Body over a stream. A message that is sent has all bytes of the stream, wherever that stands.
/// One that is received is written where the stream stands, which then stands there again, to be read.
///
/// What writing throws is the error of reading the message: http::error::body_limit past a size limit,
/// http::error::bad_alloc without memory, what the system said for a full disk.
template <std::derived_from<BytesIO> S = BytesIO>
struct StreamBody {
  using value_type = S;

  /// Bytes of the body, for Content-Length.
  [[nodiscard]] static std::uint64_t size(const value_type& body) { return body.size(); }

  /// Takes what Beast has read.
  /// Cost: one copy, out of Beast's buffer. With StreamBuffer(body) the socket can be received into the
  ///       stream itself.
  class reader {
   public:
    template <bool kIsRequest, class Fields>
    reader(boost::beast::http::header<kIsRequest, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>& length, boost::beast::error_code& error) {
      guard(error, [&] {
        begin_ = body_.tell();
        if constexpr (std::same_as<S, BytesIO>) {
          // No more than this is believed of a peer that has sent nothing yet.
          constexpr std::uint64_t kMost = std::uint64_t{1} << 20;
          body_.reserve(begin_ + static_cast<std::size_t>(std::min(length.value_or(0), kMost)));
        }
      });
    }

    template <class Buffers>
    [[nodiscard]] std::size_t put(const Buffers& buffers, boost::beast::error_code& error) {
      std::size_t count = 0;
      guard(error, [&] {
        const auto end = boost::asio::buffer_sequence_end(buffers);
        for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end; ++it) {
          const boost::asio::const_buffer piece(*it);
          count += body_.write(ByteSpan(piece.data(), piece.size()));
        }
      });
      return count;
    }

    void finish(boost::beast::error_code& error) {
      guard(error, [&] { body_.seek(static_cast<std::ptrdiff_t>(begin_)); });
    }

   private:
    template <class Action>
    static void guard(boost::beast::error_code& error, Action action) {
      error = {};
      try {
        action();
      } catch (const std::bad_alloc&) {
        error = boost::beast::http::error::bad_alloc;
      } catch (const std::length_error&) {
        error = boost::beast::http::error::body_limit;
      } catch (const std::system_error& refused) {
        error.assign(refused.code().value(), boost::system::system_category());
      }
    }

    value_type& body_;
    std::size_t begin_ = 0;
  };

  /// Gives Beast what to send.
  /// Cost: no copy; as getvalue() while a live view of the stream exists.
  class writer {
   public:
    using const_buffers_type = boost::asio::const_buffer;

    template <bool kIsRequest, class Fields>
    writer(const boost::beast::http::header<kIsRequest, Fields>&, const value_type& body)
        : body_(body) {}

    void init(boost::beast::error_code& error) {
      error = {};
      bytes_ = body_.slice(0);
    }

    [[nodiscard]] boost::optional<std::pair<const_buffers_type, bool>> get(
        boost::beast::error_code& error) {
      error = {};
      // In chunks, one of no bytes would be the last.
      if (bytes_.empty()) return boost::none;
      return {{const_buffers_type(bytes_.data(), bytes_.size()), false}};
    }

   private:
    const value_type& body_;
    Bytes bytes_;
  };
};

}  // namespace quire
