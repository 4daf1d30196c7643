#include "quire/adapters/curl.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <limits>
#include <utility>

#include "quire/error.h"

namespace quire {

namespace {

void set(CURL* handle, CURLoption option, auto value) {
  if (const CURLcode code = curl_easy_setopt(handle, option, value); code != CURLE_OK) {
    throw CurlError(code, curl_easy_strerror(code));
  }
}

/// What came of a transfer. The parts of a form share it, for they may outlive the transfer.
struct Outcome {
  std::exception_ptr failure;
  std::size_t rewinds = 0;
};

/// What libcurl reads of a stream, from where that stood at first.
struct Source {
  StreamHandle stream;
  std::size_t begin = 0;
  std::size_t size = npos;
  std::size_t sent = 0;
  std::shared_ptr<Outcome> outcome;

  Source(StreamHandle handle, std::optional<std::size_t> most, std::shared_ptr<Outcome> whole)
      : stream(std::move(handle)), outcome(std::move(whole)) {
    if (!stream) detail::throw_invalid("a transfer from no stream");
    if (stream->seekable()) {
      begin = stream->tell();
      const std::size_t end = stream->seek(0, Whence::End);
      stream->seek(static_cast<std::ptrdiff_t>(begin));
      size = end - std::min(begin, end);
    }
    size = std::min(size, most.value_or(size));
  }

  void rewind(std::size_t offset = 0) {
    if (sent == offset) return;
    stream->seek(static_cast<std::ptrdiff_t>(begin + offset));
    sent = offset;
  }

  [[noreturn]] void throw_short() const {
    throw CurlError(CURLE_ABORTED_BY_CALLBACK, "the stream ended after " + std::to_string(sent) +
                                                   " of " + std::to_string(size) + " bytes");
  }

  static std::size_t read(char* data, std::size_t item, std::size_t count, void* self) noexcept {
    auto& source = *static_cast<Source*>(self);
    try {
      const std::size_t most = std::min(item * count, source.size - source.sent);
      const std::size_t done = most == 0 ? 0 : source.stream->readinto({data, most});
      source.sent += done;
      // The peer would wait for the rest, and libcurl for its answer.
      if (done == 0 && source.sent < source.size && source.size != npos) source.throw_short();
      return done;
    } catch (...) {
      source.outcome->failure = std::current_exception();
      return CURL_READFUNC_ABORT;
    }
  }

  static int seek(void* self, curl_off_t offset, int origin) noexcept {
    auto& source = *static_cast<Source*>(self);
    try {
      if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
      if (source.sent != static_cast<std::size_t>(offset) && !source.stream->seekable()) {
        return CURL_SEEKFUNC_CANTSEEK;
      }
      source.rewind(static_cast<std::size_t>(offset));
      ++source.outcome->rewinds;
      return CURL_SEEKFUNC_OK;
    } catch (...) {
      source.outcome->failure = std::current_exception();
      return CURL_SEEKFUNC_FAIL;
    }
  }

  static void free(void* self) noexcept { delete static_cast<Source*>(self); }
};

[[nodiscard]] curl_off_t curl_size(std::size_t size) {
  return size == npos ? -1 : static_cast<curl_off_t>(size);
}

}  // namespace

struct CurlTransfer::State {
  CURL* handle;
  std::shared_ptr<Outcome> outcome = std::make_shared<Outcome>();
  std::unique_ptr<Source> source;
  StreamHandle target;
  std::size_t target_begin = 0;
  std::size_t most = npos;
  std::size_t received = 0;
  bool over_limit = false;
  bool started = false;
  std::function<bool(const CurlProgress&)> report;  ///< empty unless libcurl has its function
  std::array<char, CURL_ERROR_SIZE> message{};

  explicit State(CURL* handle_) : handle(handle_) {}

  // libcurl tells nobody how its options were set before: they get their defaults. Without a function
  // it takes fwrite() and fread(), but without data for these not the files that they had at first.
  void take_back_upload() noexcept {
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 0L);
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t{-1});
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, nullptr);
    curl_easy_setopt(handle, CURLOPT_READDATA, stdin);
    curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, nullptr);
    curl_easy_setopt(handle, CURLOPT_SEEKDATA, nullptr);
  }

  void take_back_download() noexcept {
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, nullptr);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, stdout);
    curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE, curl_off_t{0});
  }

  void take_back_progress() noexcept {
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 1L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, nullptr);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, nullptr);
  }

  static std::size_t write(char* data, std::size_t item, std::size_t count, void* self) noexcept {
    auto& state = *static_cast<State*>(self);
    const std::size_t size = item * count;
    if (size > state.most - state.received) {
      state.over_limit = true;
      return 0;
    }
    try {
      const std::size_t done = state.target->write({data, size});
      state.received += done;
      // Fewer than all end the transfer; of none libcurl takes 0 for success.
      return done;
    } catch (...) {
      state.outcome->failure = std::current_exception();
      return size == 0 ? 1 : 0;
    }
  }

  static int progress(void* self, curl_off_t download_total, curl_off_t downloaded,
                      curl_off_t upload_total, curl_off_t uploaded) noexcept {
    auto& state = *static_cast<State*>(self);
    try {
      const auto size = [](curl_off_t value) { return static_cast<std::size_t>(value); };
      return state.report(
                 {size(downloaded), size(download_total), size(uploaded), size(upload_total)})
                 ? 0
                 : 1;
    } catch (...) {
      state.outcome->failure = std::current_exception();
      return 1;
    }
  }
};

CurlTransfer::CurlTransfer(CURL* handle) {
  if (handle == nullptr) detail::throw_invalid("a transfer without a CURL");
  state_ = std::make_unique<State>(handle);
  set(handle, CURLOPT_ERRORBUFFER, state_->message.data());
}

CurlTransfer::CurlTransfer(CurlTransfer&& other) noexcept = default;

CurlTransfer& CurlTransfer::operator=(CurlTransfer&& other) noexcept {
  CurlTransfer moved(std::move(other));
  state_.swap(moved.state_);
  return *this;
}

CurlTransfer::~CurlTransfer() {
  if (!state_) return;
  curl_easy_setopt(state_->handle, CURLOPT_ERRORBUFFER, nullptr);
  if (state_->source) state_->take_back_upload();
  if (state_->target) state_->take_back_download();
  if (state_->report) state_->take_back_progress();
}

void CurlTransfer::upload_from(StreamHandle source, std::optional<std::size_t> size) {
  auto next = std::make_unique<Source>(std::move(source), size, state_->outcome);
  CURL* const handle = state_->handle;
  set(handle, CURLOPT_UPLOAD, 1L);
  set(handle, CURLOPT_INFILESIZE_LARGE, curl_size(next->size));
  set(handle, CURLOPT_READFUNCTION, &Source::read);
  set(handle, CURLOPT_READDATA, next.get());
  set(handle, CURLOPT_SEEKFUNCTION, &Source::seek);
  set(handle, CURLOPT_SEEKDATA, next.get());
  state_->source = std::move(next);
}

void CurlTransfer::download_to(StreamHandle target, std::size_t most) {
  if (!target) detail::throw_invalid("a transfer to no stream");
  const std::size_t begin = target->seekable() ? target->tell() : 0;
  CURL* const handle = state_->handle;
  set(handle, CURLOPT_WRITEFUNCTION, &State::write);
  set(handle, CURLOPT_WRITEDATA, state_.get());
  // 0 means no limit: then it is noticed when the first byte comes.
  set(handle, CURLOPT_MAXFILESIZE_LARGE, most == npos ? curl_off_t{0} : curl_size(most));
  state_->target = std::move(target);
  state_->target_begin = begin;
  state_->most = most;
  state_->started = false;
}

void CurlTransfer::send_part(curl_mimepart* part, StreamHandle source) {
  auto next = std::make_unique<Source>(std::move(source), std::nullopt, state_->outcome);
  const curl_off_t size = curl_size(next->size);
  const CURLcode code =
      curl_mime_data_cb(part, size, &Source::read, &Source::seek, &Source::free, next.get());
  if (code != CURLE_OK) throw CurlError(code, curl_easy_strerror(code));
  static_cast<void>(next.release());  // the part's, now
}

void CurlTransfer::on_progress(std::function<bool(const CurlProgress&)> report) {
  if (report) {
    CURL* const handle = state_->handle;
    set(handle, CURLOPT_XFERINFOFUNCTION, &State::progress);
    set(handle, CURLOPT_XFERINFODATA, state_.get());
    set(handle, CURLOPT_NOPROGRESS, 0L);
  } else {
    state_->take_back_progress();
  }
  state_->report = std::move(report);
}

void CurlTransfer::begin() {
  State& state = *state_;
  state.outcome->failure = nullptr;
  state.over_limit = false;
  state.message[0] = '\0';
  if (state.source) state.source->rewind();
  if (state.started && state.target && state.target->seekable()) {
    state.target->seek(static_cast<std::ptrdiff_t>(state.target_begin));
    state.target->truncate(state.target_begin);
  }
  state.received = 0;
  state.started = true;
}

void CurlTransfer::perform() {
  begin();
  check(curl_easy_perform(state_->handle));
}

void CurlTransfer::check(CURLcode result) {
  State& state = *state_;
  if (state.outcome->failure) {
    std::rethrow_exception(std::exchange(state.outcome->failure, nullptr));
  }
  if (result == CURLE_OK) return;
  if (state.over_limit || result == CURLE_FILESIZE_EXCEEDED) {
    throw CurlLimitError(result, "more than " + std::to_string(state.most) + " bytes to download");
  }
  const char* const message = state.message.data();
  throw CurlError(result, *message != '\0' ? message : curl_easy_strerror(result));
}

std::size_t CurlTransfer::received() const noexcept {
  return state_->received;
}

std::size_t CurlTransfer::rewinds() const noexcept {
  return state_->outcome->rewinds;
}

}  // namespace quire
