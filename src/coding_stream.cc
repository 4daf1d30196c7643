#include "quire/coding_stream.h"

#include <algorithm>
#include <cerrno>
#include <type_traits>
#include <utility>

#include "do_both.h"
#include "quire/detail/lent_room.h"
#include "quire/error.h"

namespace quire {

namespace {

/// How much is read from an inner stream that does not share its memory, and the buffer in front of one
/// that is written to.
constexpr std::size_t kPiece = std::size_t{64} * 1024;

/// Room that is asked for in the memory of a BytesIO. What is not used stays the stream's.
constexpr std::size_t kLeastLent = 1024;

}  // namespace

Encoder::~Encoder() = default;
Decoder::~Decoder() = default;

std::size_t Decoder::padding(ByteSpan) const noexcept {
  return 0;
}

// --- encoding ------------------------------------------------------------------------------------

EncodingStream::EncodingStream(StreamHandle inner, std::unique_ptr<Encoder> encoder)
    : FilterStream(std::move(inner)), encoder_(std::move(encoder)) {}

EncodingStream::EncodingStream(EncodingStream&& other) noexcept = default;

EncodingStream& EncodingStream::operator=(EncodingStream&& other) noexcept {
  if (this != &other) {
    close_quietly();
    FilterStream::operator=(std::move(other));
    encoder_ = std::move(other.encoder_);
    buffer_ = std::move(other.buffer_);
    buffer_size_ = other.buffer_size_;
    begin_ = other.begin_;
    end_ = other.end_;
    broken_ = other.broken_;
  }
  return *this;
}

bool EncodingStream::readable() const {
  check_open();
  return false;
}

std::size_t EncodingStream::readinto(MutableByteSpan) {
  check_open();
  detail::throw_unsupported("read");
}

void EncodingStream::check_writable() const {
  check_open();
  if (broken_) detail::throw_errno(EIO, "write: encoding has failed before");
}

std::size_t EncodingStream::write(ByteSpan data) {
  check_writable();
  for (std::size_t done = 0; done < data.size();) done += write_some(data.subspan(done));
  return data.size();
}

std::size_t EncodingStream::write_some(ByteSpan data) {
  check_writable();
  std::size_t taken = 0;
  while (taken == 0 && !data.empty()) taken = step(data, Encoder::Goal::Go).taken;
  return taken;
}

void EncodingStream::flush() {
  check_writable();
  reach(Encoder::Goal::Flush);
  inner().flush();
}

void EncodingStream::finish() {
  check_writable();
  reach(Encoder::Goal::End);
}

void EncodingStream::close() {
  detail::do_both([this] { FilterStream::close(); },
                  [this] {
                    encoder_.reset();
                    buffer_.reset();
                  });
}

void EncodingStream::reach(Encoder::Goal goal) {
  while (!step({}, goal).done) {
  }
  drain();
}

Encoder::Step EncodingStream::step(ByteSpan data, Encoder::Goal goal) {
  const std::size_t least = encoder_->least_room();
  if (begin_ == end_) {
    const std::size_t wanted = std::max(least, kLeastLent);
    BytesIO* const lending = detail::lender(inner(), wanted);
    const std::size_t most = lending != nullptr ? detail::LentRoom::most(*lending) : 0;
    // Not where a stream ends soon that is written over, or is full: what does fit is not known yet.
    if (lending != nullptr && most >= least) {
      detail::LentRoom room(*lending, std::min(wanted, most));
      if (room.span().size() >= least) {
        const Encoder::Step made = encode(data, room.span(), goal);
        room.commit(made.made);
        return made;
      }
    }
  }
  if (!buffer_) {
    const std::size_t size = std::max(least, kPiece);
    buffer_ = std::make_unique_for_overwrite<std::byte[]>(size);
    buffer_size_ = size;
  }
  if (buffer_size_ - end_ < least) drain();
  const Encoder::Step made = encode(data, {buffer_.get() + end_, buffer_size_ - end_}, goal);
  end_ += made.made;
  return made;
}

Encoder::Step EncodingStream::encode(ByteSpan data, MutableByteSpan room, Encoder::Goal goal) {
  broken_ = true;
  const Encoder::Step step = encoder_->encode(data, room, goal);
  broken_ = false;
  return step;
}

void EncodingStream::drain() {
  while (begin_ < end_) {
    const std::size_t left = end_ - begin_;
    const std::size_t written = inner().write_some(ByteSpan(buffer_.get() + begin_, left));
    if (written == 0) {
      detail::throw_errno(ENOSPC, "write: the stream underneath takes no more, " +
                                      std::to_string(left) + " bytes are left");
    }
    begin_ += written;
  }
  begin_ = end_ = 0;
}

// --- decoding ------------------------------------------------------------------------------------

DecodingStream::DecodingStream(StreamHandle stream, std::unique_ptr<Decoder> decoder,
                               const DecodingOptions& options)
    : FilterStream(std::move(stream)), decoder_(std::move(decoder)), options_(options) {
  if (inner().seekable()) start_ = inner().tell();
}

bool DecodingStream::writable() const {
  check_open();
  return false;
}

bool DecodingStream::seekable() const {
  return inner().seekable();
}

std::size_t DecodingStream::write(ByteSpan) {
  check_open();
  detail::throw_unsupported("write");
}

std::size_t DecodingStream::tell() const {
  check_open();
  return position_;
}

void DecodingStream::close() {
  detail::do_both([this] { FilterStream::close(); },
                  [this] {
                    decoder_.reset();
                    piece_ = {};
                    used_ = 0;
                  });
}

std::size_t DecodingStream::readinto(MutableByteSpan target) {
  check_open();
  if (target.empty()) return 0;
  const std::size_t left = options_.limit - position_;
  // Whether the data end at the limit only one byte more can tell.
  std::byte beyond{};
  MutableByteSpan room(&beyond, 1);
  if (left != 0) room = target.subspan(0, std::min(target.size(), left));
  const std::size_t made = decode(room);
  if (made == 0) {
    size_ = position_;
  } else if (left == 0) {
    note<std::length_error>("more than the limit of " + std::to_string(options_.limit) + " bytes");
    std::rethrow_exception(failure_);
  }
  position_ += made;
  return made;
}

std::size_t DecodingStream::decode(MutableByteSpan room) {
  while (!failure_ && (state_ == State::Inside || begin())) {
    const Decoder::Step step = decoder_->decode(bytes(), room);
    take(step.taken);
    if (step.wrong != nullptr) {
      note<DataError>(step.wrong);
    } else if (step.ended) {
      end();
    } else if (step.made == 0 && step.taken == 0) {
      if (!bytes().empty()) {
        note<DataError>("decoding does not get on");
      } else if (!fetch()) {
        note<TruncatedError>("the bytes end before the data do");
      }
    }
    // What was right before an error comes first.
    if (step.made != 0) return step.made;
  }
  if (failure_) std::rethrow_exception(failure_);
  return 0;
}

bool DecodingStream::begin() {
  if (state_ == State::Ended) return false;
  do {
    if (bytes().empty() && !fetch()) {
      if (count_ == 0) note<TruncatedError>("there are no bytes");
      state_ = State::Ended;
      return false;
    }
    if (count_ != 0) take(decoder_->padding(bytes()));
  } while (bytes().empty());
  if (count_ != 0) {
    if (decoder_->rest() == Decoder::Rest::Nothing) {
      note<DataError>("there are bytes behind the end");
      return false;
    }
    decoder_->restart();
  }
  state_ = State::Inside;
  return true;
}

void DecodingStream::end() {
  ++count_;
  state_ = State::Between;
  if (!options_.only_first && decoder_->rest() != Decoder::Rest::Foreign) return;
  state_ = State::Ended;
  if (bytes().empty() || !inner().seekable()) return;
  try {
    inner().seek(-static_cast<std::ptrdiff_t>(bytes().size()), Whence::Current);
    piece_ = {};
    used_ = 0;
  } catch (...) {
    // They stay in unused(): the data are all there and want to be read.
    return;
  }
}

bool DecodingStream::fetch() {
  // First the memory goes back that the next piece may take.
  piece_ = {};
  used_ = 0;
  // What is shared costs nothing however large it is, and then nothing lies across two pieces.
  const bool shares = detail::lender(inner(), 0) != nullptr;
  piece_ = inner().read1(shares ? -1 : static_cast<std::ptrdiff_t>(kPiece));
  return !piece_.empty();
}

void DecodingStream::take(std::size_t count) noexcept {
  used_ += count;
  taken_ += count;
}

template <class Error>
void DecodingStream::note(const std::string& what) {
  const std::string message =
      std::string(decoder_->name()) + ": " + what + ", at byte " + std::to_string(taken_);
  if constexpr (std::is_base_of_v<DataError, Error>) {
    failure_ = std::make_exception_ptr(Error(message, taken_));
  } else {
    failure_ = std::make_exception_ptr(Error(message));
  }
}

// --- seeking -------------------------------------------------------------------------------------

std::size_t DecodingStream::seek(std::ptrdiff_t offset, Whence whence) {
  if (!seekable()) detail::throw_unsupported("seek");
  if (whence == Whence::End && !size_) skip_to(npos);
  const std::size_t target = detail::seek_target(offset, whence, position_, size_.value_or(0));
  if (target < position_) restart();
  skip_to(target);
  return position_;
}

void DecodingStream::restart() {
  inner().seek(static_cast<std::ptrdiff_t>(start_));
  decoder_->restart();
  piece_ = {};
  used_ = taken_ = position_ = count_ = 0;
  state_ = State::Between;
  failure_ = nullptr;
}

void DecodingStream::skip_to(std::size_t position) {
  if (position_ == position) return;
  const auto scratch = std::make_unique_for_overwrite<std::byte[]>(kPiece);
  while (position_ < position) {
    const std::size_t wanted = std::min(kPiece, position - position_);
    if (DecodingStream::readinto({scratch.get(), wanted}) == 0) break;
  }
}

}  // namespace quire
