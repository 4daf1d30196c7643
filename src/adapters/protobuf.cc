#include "quire/adapters/protobuf.h"

#include <cstddef>
#include <string>
#include <utility>

#include "quire/bytes_io.h"
#include "quire/error.h"

namespace quire {

namespace {

int checked_block_size(int size) {
  if (size < 1) detail::throw_invalid("a block size of " + std::to_string(size));
  return size;
}

/// What `action` says; false from the first exception on, which is kept.
template <class Action>
bool attempt(std::exception_ptr& error, Action action) noexcept {
  if (error) return false;
  try {
    return action();
  } catch (...) {
    error = std::current_exception();
    return false;
  }
}

/// What may be backed up of `area`. Errors: std::invalid_argument.
template <class Area>
std::size_t checked_back_up(const Area& area, int count) {
  if (count < 0 || static_cast<std::size_t>(count) > area.last()) {
    detail::throw_invalid("BackUp of " + std::to_string(count) + " bytes, the last Next() gave " +
                          std::to_string(area.last()));
  }
  return static_cast<std::size_t>(count);
}

void rethrow(const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
}

/// Closes `area` in any case; throws the first error.
template <class Area>
void close_area(Area& area, std::exception_ptr& error) {
  try {
    area.close();
  } catch (...) {
    if (!error) error = std::current_exception();
  }
  rethrow(std::exchange(error, nullptr));
}

}  // namespace

// --- ProtobufInput -------------------------------------------------------------------------------

ProtobufInput::ProtobufInput(StreamHandle stream, int block_size)
    : area_(std::move(stream)), block_size_(checked_block_size(block_size)) {}

ProtobufInput::ProtobufInput(Bytes data, int block_size)
    : ProtobufInput(StreamHandle(BytesIO(std::move(data))), block_size) {}

ProtobufInput::~ProtobufInput() {
  try {
    close();
  } catch (...) {
    return;  // a destructor has nobody to tell
  }
}

bool ProtobufInput::Next(const void** data, int* size) {
  return attempt(error_, [&] {
    const ByteSpan block = area_.next(static_cast<std::size_t>(block_size_));
    *data = block.data();
    *size = static_cast<int>(block.size());
    count_ += *size;
    return !block.empty();
  });
}

void ProtobufInput::BackUp(int count) {
  attempt(error_, [&] {
    area_.back_up(checked_back_up(area_, count));
    count_ -= count;
    return true;
  });
}

bool ProtobufInput::Skip(int count) {
  return attempt(error_, [&] {
    if (count < 0) detail::throw_invalid("Skip of " + std::to_string(count) + " bytes");
    const auto done = static_cast<int>(area_.skip(static_cast<std::size_t>(count)));
    count_ += done;
    return done == count;
  });
}

void ProtobufInput::check() const {
  rethrow(error_);
}

Stream& ProtobufInput::stream() {
  check();
  return area_.settle();
}

void ProtobufInput::close() {
  close_area(area_, error_);
}

// --- ProtobufOutput ------------------------------------------------------------------------------

ProtobufOutput::ProtobufOutput(StreamHandle stream, int block_size)
    : area_(std::move(stream)), block_size_(checked_block_size(block_size)) {}

ProtobufOutput::~ProtobufOutput() {
  try {
    close();
  } catch (...) {
    return;  // a destructor has nobody to tell
  }
}

bool ProtobufOutput::Next(void** data, int* size) {
  return attempt(error_, [&] {
    const MutableByteSpan block = area_.next(static_cast<std::size_t>(block_size_));
    *data = block.data();
    *size = static_cast<int>(block.size());
    count_ += *size;
    return true;
  });
}

void ProtobufOutput::BackUp(int count) {
  attempt(error_, [&] {
    area_.back_up(checked_back_up(area_, count));
    count_ -= count;
    return true;
  });
}

bool ProtobufOutput::WriteAliasedRaw(const void* data, int size) {
  return attempt(error_, [&] {
    area_.write({static_cast<const std::byte*>(data), static_cast<std::size_t>(size)});
    count_ += size;
    return true;
  });
}

void ProtobufOutput::check() const {
  rethrow(error_);
}

Stream& ProtobufOutput::stream() {
  check();
  return area_.settle();
}

void ProtobufOutput::close() {
  close_area(area_, error_);
}

}  // namespace quire
