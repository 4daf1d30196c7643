// PiecewiseStream: a byte stream whose every read is short, for those who must not care.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "quire/stream.h"

namespace quire::test {

class PiecewiseStream : public Stream {
 public:
  PiecewiseStream(std::string bytes, std::size_t piece, bool can_seek = true)
      : data(std::move(bytes)), piece_(piece), can_seek_(can_seek) {}

  ~PiecewiseStream() override { *fate_ = closed_ ? "closed" : "dropped"; }

  [[nodiscard]] bool closed() const noexcept override { return closed_; }

  [[nodiscard]] bool readable() const override { return true; }

  [[nodiscard]] bool writable() const override { return true; }

  [[nodiscard]] bool seekable() const override { return can_seek_; }

  Bytes read1(std::ptrdiff_t size) override {
    std::string room(std::min(piece_, static_cast<std::size_t>(size)), '\0');
    room.resize(readinto(room));
    return Bytes(room);
  }

  std::size_t readinto(MutableByteSpan target) override {
    const std::size_t left = data.size() - std::min(position, data.size());
    const std::size_t size = std::min({piece_, target.size(), left});
    if (size != 0) std::memcpy(target.data(), data.data() + position, size);
    position += size;
    bytes_read += size;
    return size;
  }

  /// On a stream that cannot seek, what is written goes elsewhere than where reads come from.
  std::size_t write_some(ByteSpan bytes) override {
    if (refuses_writes) throw std::runtime_error("refused");
    const std::size_t size = std::min(piece_, bytes.size());
    if (!can_seek_) {
      sent.append(bytes.as_chars().substr(0, size));
      return size;
    }
    if (position > data.size()) data.resize(position);
    data.replace(position, std::min(size, data.size() - position), bytes.as_chars(), 0, size);
    position += size;
    return size;
  }

  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override {
    position = detail::seek_target(offset, whence, position, data.size());
    return position;
  }

  [[nodiscard]] std::size_t tell() const override { return position; }

  std::size_t truncate(std::optional<std::size_t> size) override {
    if (*size < data.size()) data.resize(*size);
    return *size;
  }

  void flush() override { ++flushes; }

  void close() override { closed_ = true; }

  /// Where to say, at the end, whether it was closed.
  void report_to(std::string& fate) { fate_ = &fate; }

  std::string data;
  std::string sent;
  std::size_t position = 0;
  std::size_t bytes_read = 0;
  std::size_t flushes = 0;
  bool refuses_writes = false;

 private:
  std::size_t piece_;
  bool can_seek_;
  bool closed_ = false;
  std::string unasked_;
  std::string* fate_ = &unasked_;
};

}  // namespace quire::test
