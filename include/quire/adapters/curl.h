// Transfers by libcurl from streams and into them.
//
//     CurlTransfer transfer(handle);            // a CURL* of yours, with its URL and all else set
//     transfer.upload_from(FileIO("photo.jpg"));
//     BytesIO answer;
//     transfer.download_to(answer, 1 << 20);    // no more than that
//     transfer.perform();                       // or curl_multi, and then check(code)
//
// An upload begins where its stream stands, and is rewound to there whenever libcurl has to send it
// again: after a redirect, for authentication, on a connection that was found dead. No exception passes
// through libcurl: what a stream throws ends the transfer, and perform() or check() throw it again.
// Link quire::curl.
//
// Lifetime: the CURL stays yours and must outlive the transfer. When that goes, the options that it has
// set get libcurl's defaults. Streams are owned or borrowed, see StreamHandle. Thread: that of the CURL.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <curl/curl.h>

#include "quire/detail/export.h"
#include "quire/slice.h"
#include "quire/stream.h"

namespace quire {

/// libcurl said no.
class QUIRE_API CurlError : public std::runtime_error {
 public:
  CurlError(CURLcode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  [[nodiscard]] CURLcode code() const noexcept { return code_; }

 private:
  CURLcode code_;
};

/// More came than download_to() was to take.
class QUIRE_API CurlLimitError : public CurlError {
 public:
  using CurlError::CurlError;
};

/// How far a transfer is, both ways. A total that is not known is 0.
struct CurlProgress {
  std::size_t downloaded = 0;
  std::size_t download_total = 0;
  std::size_t uploaded = 0;
  std::size_t upload_total = 0;
};

class QUIRE_API CurlTransfer {
 public:
  /// Errors: std::invalid_argument for null; std::bad_alloc.
  explicit CurlTransfer(CURL* handle);

  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  CurlTransfer(CurlTransfer&& other) noexcept;
  CurlTransfer& operator=(CurlTransfer&& other) noexcept;
  ~CurlTransfer();

  /// Sends what is left of `source`, or `size` bytes of it, as an upload: with HTTP by PUT, or by the verb
  /// of CURLOPT_CUSTOMREQUEST. Of a source that cannot seek the size is not known: HTTP then sends it in
  /// chunks, and cannot send it twice.
  /// Cost:   one copy, into libcurl's buffer.
  /// Errors: those of the source; CurlError for a libcurl that cannot upload.
  void upload_from(StreamHandle source, std::optional<std::size_t> size = std::nullopt);

  /// Writes what comes to `target`, from where that stands. More than `most` bytes are refused, at once
  /// where the peer tells before.
  /// Cost:   one copy, out of libcurl's buffer.
  /// Errors: those of the target.
  void download_to(StreamHandle target, std::size_t most = npos);

  /// Sends what is left of `source` as a part of a form, which curl_mime_addpart() made.
  /// Lifetime: of the part: the form must go before a source that is borrowed, but may outlive the
  ///           transfer; nobody is told then what the source throws.
  /// Errors:   those of the source; CurlError; std::bad_alloc.
  void send_part(curl_mimepart* part, StreamHandle source);

  /// Calls `report` now and then; false ends the transfer with CURLE_ABORTED_BY_CALLBACK. Null ends the
  /// reports.
  void on_progress(std::function<bool(const CurlProgress&)> report);

  /// Does the transfer. Before it is done again, an upload is rewound, and what came is written over the
  /// last answer: a target that can seek goes back to where it began, and is cut there.
  /// Errors: as check().
  void perform();

  /// For those who do the transfer themselves: readies it, as perform() does.
  /// Errors: those of the streams.
  void begin();

  /// What became of a transfer that libcurl says ended so.
  /// Errors: what a stream has thrown; CurlLimitError; CurlError for what else was wrong. An answer of
  ///         HTTP is none, be it 404, unless CURLOPT_FAILONERROR is set.
  void check(CURLcode result);

  /// Bytes that were written to the target.
  [[nodiscard]] std::size_t received() const noexcept;

  /// How often libcurl had the upload, or a part, rewound.
  [[nodiscard]] std::size_t rewinds() const noexcept;

 private:
  struct State;

  std::unique_ptr<State> state_;
};

}  // namespace quire
