// Protocol buffers' ZeroCopyInputStream and ZeroCopyOutputStream over any Stream.
//
//     BytesIO f;
//     ProtobufOutput out(f);
//     message.SerializeToZeroCopyStream(&out);  // straight into the stream's memory
//
//     ProtobufInput in(f.getvalue());
//     message.ParseFromZeroCopyStream(&in);     // from where the bytes are
//
// What protobuf is given is the memory of the BytesIO itself, of a SpooledIO while it is in memory, and
// of Bytes. What another stream throws becomes false, which is all that protobuf knows of failures, for
// good, and is kept: check() and close() throw it. Link quire::protobuf.
//
// Lifetime: as StreamHandle: borrowed or owned. Until stream() or close() gives it back, a stream is the
// adapter's. Thread: as protobuf's streams: one at a time.
#pragma once

#include <cstdint>
#include <exception>
#include <limits>

#include <google/protobuf/io/zero_copy_stream.h>

#include "quire/bytes.h"
#include "quire/detail/export.h"
#include "quire/detail/stream_areas.h"
#include "quire/stream.h"

namespace quire {

/// Reads from where the stream stands. Next() gives at most `block_size` bytes at a time.
class QUIRE_API ProtobufInput : public google::protobuf::io::ZeroCopyInputStream {
 public:
  /// Errors: ClosedError; UnsupportedOperation; std::invalid_argument for a block size less than 1.
  explicit ProtobufInput(StreamHandle stream, int block_size = std::numeric_limits<int>::max());

  /// Keeps the memory alive. Errors: as above.
  explicit ProtobufInput(Bytes data, int block_size = std::numeric_limits<int>::max());

  /// Gives the stream back; a failure is lost.
  ~ProtobufInput() override;

  bool Next(const void** data, int* size) override;

  /// More than the last Next() gave is an error, as check() has it.
  void BackUp(int count) override;

  bool Skip(int count) override;

  [[nodiscard]] std::int64_t ByteCount() const override { return count_; }

  /// Tells why protobuf was told no; says nothing if that was the end of data.
  /// Errors: the first that the stream has thrown.
  void check() const;

  /// The stream, where protobuf has stopped reading: a CodedInputStream on this must be gone. One that
  /// cannot seek keeps no more than this object has not read yet.
  /// Errors: as check(); ClosedError.
  [[nodiscard]] Stream& stream();

  /// Gives the stream back: closes one that is owned. A second call does nothing.
  /// Errors: as check(), and those of the stream; it counts as closed all the same.
  void close();

 private:
  detail::ReadArea area_;
  int block_size_;
  std::int64_t count_ = 0;
  std::exception_ptr error_;
};

/// Writes to where the stream stands. Next() gives at most `block_size` bytes at a time.
///
/// A BytesIO, or a SpooledIO in memory, has what was written when protobuf is done with it (BackUp());
/// another stream when this is flushed or closed.
class QUIRE_API ProtobufOutput : public google::protobuf::io::ZeroCopyOutputStream {
 public:
  /// Errors: as ProtobufInput().
  explicit ProtobufOutput(StreamHandle stream, int block_size = std::numeric_limits<int>::max());

  /// Closes; a failure is lost.
  ~ProtobufOutput() override;

  bool Next(void** data, int* size) override;

  /// As ProtobufInput::BackUp().
  void BackUp(int count) override;

  [[nodiscard]] std::int64_t ByteCount() const override { return count_; }

  /// Hands `data` to the stream as they are: with CodedOutputStream::EnableAliasing() long strings go
  /// there by one write, and through no buffer.
  bool WriteAliasedRaw(const void* data, int size) override;

  [[nodiscard]] bool AllowsAliasing() const override { return true; }

  /// Tells why protobuf was told no. Errors: the first that the stream has thrown.
  void check() const;

  /// The stream, with all that was written: a CodedOutputStream on this must be gone.
  /// Errors: as check(); ClosedError.
  [[nodiscard]] Stream& stream();

  /// Hands on what was written, and flushes the stream. Errors: as stream().
  void flush() { stream().flush(); }

  /// Hands on what was written; closes a stream that is owned, flushes another. A second call does
  /// nothing.
  /// Errors: as check(), and those of the stream; it counts as closed all the same.
  void close();

 private:
  detail::WriteArea area_;
  int block_size_;
  std::int64_t count_ = 0;
  std::exception_ptr error_;
};

}  // namespace quire
