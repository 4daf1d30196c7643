// TestStream: a stream over a string that does everything the slow and awkward way a real one may:
// few bytes a call, errors at a chosen byte, and a log of what it was asked.
//
// Lifetime: owns its bytes. Thread: one.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <typeinfo>
#include <utility>

#include "quire/stream.h"

namespace quire::test {

class TestStream : public Stream {
 public:
  struct Options {
    std::size_t most_a_call = npos;    ///< bytes that one readinto or write_some moves at most
    std::size_t fail_read_at = npos;   ///< position from which reading fails
    std::size_t fail_write_at = npos;  ///< position from which writing fails
    std::size_t full_at = npos;        ///< position from which writes take nothing
    bool fail_close = false;
    bool log = true;
    bool readable = true;
    bool writable = true;
    bool seekable = true;
  };

  explicit TestStream(std::string data = "") : data_(std::move(data)) {}

  TestStream(std::string data, Options how) : options(how), data_(std::move(data)) {}

  [[nodiscard]] bool closed() const noexcept override { return closed_; }

  [[nodiscard]] bool readable() const override { return options.readable; }

  [[nodiscard]] bool writable() const override { return options.writable; }

  [[nodiscard]] bool seekable() const override { return options.seekable; }

  std::size_t readinto(MutableByteSpan target) override {
    check_open();
    note("r" + std::to_string(target.size()));
    if (position_ >= options.fail_read_at) fail(EIO);
    const std::size_t end = std::min(data_.size(), options.fail_read_at);
    const std::size_t left = end > position_ ? end - position_ : 0;
    const std::size_t count = std::min({target.size(), options.most_a_call, left});
    if (count != 0) std::memcpy(target.data(), data_.data() + position_, count);
    position_ += count;
    return count;
  }

  std::size_t write(ByteSpan data) override {
    std::size_t done = 0;
    while (done < data.size()) {
      const std::size_t count = write_some(data.subspan(done));
      if (count == 0) break;
      done += count;
    }
    return done;
  }

  std::size_t write_some(ByteSpan data) override {
    check_open();
    note("w" + std::to_string(data.size()));
    if (position_ >= options.fail_write_at) fail(ENOSPC);
    const std::size_t end = std::min(options.fail_write_at, options.full_at);
    const std::size_t left = end > position_ ? end - position_ : 0;
    const std::size_t count = std::min({data.size(), options.most_a_call, left});
    if (position_ > data_.size()) data_.resize(position_);
    data_.replace(position_, std::min(count, data_.size() - position_),
                  data.as_chars().substr(0, count));
    position_ += count;
    return count;
  }

  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override {
    check_open();
    note("s" + std::to_string(offset) + "," + std::to_string(static_cast<int>(whence)));
    return position_ = detail::seek_target(offset, whence, position_, data_.size());
  }

  [[nodiscard]] std::size_t tell() const override {
    check_open();
    note("t");
    return position_;
  }

  std::size_t truncate(std::optional<std::size_t> size = std::nullopt) override {
    check_open();
    const std::size_t target = size.value_or(position_);
    note("c" + std::to_string(target));
    if (target < data_.size()) data_.resize(target);
    return target;
  }

  void flush() override {
    check_open();
    note("f");
  }

  void close() override {
    if (closed_) return;
    closed_ = true;
    if (options.fail_close) fail(EIO);
  }

  [[nodiscard]] const std::string& data() const { return data_; }

  /// What has been called since the last time, as "r8 w3 s-5,1 t c10 f".
  std::string take_log() { return std::exchange(log_, ""); }

  Options options;

 private:
  [[noreturn]] static void fail(int error) {
    throw std::system_error(error, std::generic_category(), "test stream");
  }

  void note(const std::string& call) const {
    if (options.log) log_ += (log_.empty() ? "" : " ") + call;
  }

  std::string data_;
  std::size_t position_ = 0;
  bool closed_ = false;
  mutable std::string log_;
};

/// The bytes as text, to compare with literals.
inline std::string text(ByteSpan bytes) {
  return std::string(bytes.as_chars());
}

/// `size` bytes that differ from their neighbours, with a line end now and then.
inline std::string pattern(std::size_t size) {
  std::string result(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    result[i] = i % 37 == 36 ? '\n' : static_cast<char>(' ' + (i * 7 + i / 251) % 95);
  }
  return result;
}

/// The message of the `Error` that `action` must throw, and nothing derived from it.
template <class Error, class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return typeid(error) == typeid(Error) ? error.what()
                                          : std::string("another type: ") + error.what();
  }
  return "nothing thrown";
}

}  // namespace quire::test
