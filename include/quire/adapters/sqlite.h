// Blobs of SQLite: bound from Bytes without a copy, read as Bytes, and worked on as streams.
//
//     bind_blob(statement, 1, f.getvalue());         // SQLite reads the stream's own memory
//     const Bytes content = column_blob(statement, 0);
//     SqliteBlob blob(database, "files", "content", rowid);
//     copyfileobj(source, blob);                     // piece by piece, into the row
//
// The names of SqliteBlob are those of Python's sqlite3.Blob. Link quire::sqlite.
//
// Lifetime: what is bound lives until SQLite lets go of it, whatever becomes of the stream; a SqliteBlob
// needs its connection. Thread: as the connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

struct sqlite3;
struct sqlite3_blob;
struct sqlite3_stmt;

namespace quire {

/// What SQLite says no with.
class QUIRE_API SqliteError : public std::runtime_error {
 public:
  SqliteError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}

  /// SQLite's extended result code: SQLITE_CONSTRAINT_NOTNULL and the like.
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

/// Binds a parameter, counted from 1. Empty bytes are an empty blob, not NULL.
/// Lifetime: `value` is kept until SQLite binds another one there or finalizes the statement.
/// Cost:     no copy here; SQLite makes its row of it, as always.
/// Errors:   SqliteError; std::bad_alloc. Nothing is kept then.
QUIRE_API void bind_blob(sqlite3_stmt* statement, int index, Bytes value);

/// A column of the current row, counted from 0; empty for NULL.
/// Lifetime: its own.
/// Cost:     one copy: SQLite's memory is good until the next step only. A SqliteBlob reads a long
///           value without the copy that SQLite makes before.
/// Errors:   std::bad_alloc.
[[nodiscard]] QUIRE_API Bytes column_blob(sqlite3_stmt* statement, int column);

/// The same where SQLite has it.
/// Lifetime: until the statement is stepped, reset or finalized, or the column is asked for as something
///           else.
/// Errors:   std::bad_alloc.
[[nodiscard]] QUIRE_API ByteSpan column_view(sqlite3_stmt* statement, int column);

/// One blob of one row as a Stream. It neither grows nor can be cut: its size is that of the value that is
/// there, such as zeroblob(n).
class QUIRE_API SqliteBlob : public Stream {
 public:
  /// Errors: SqliteError, which names the value: no such row, a value that is no blob, a lock.
  SqliteBlob(sqlite3* database, const std::string& table, const std::string& column,
             std::int64_t row, bool readonly = false, const std::string& name = "main");

  SqliteBlob(const SqliteBlob&) = delete;
  SqliteBlob& operator=(const SqliteBlob&) = delete;
  SqliteBlob(SqliteBlob&& other) noexcept;
  SqliteBlob& operator=(SqliteBlob&& other) noexcept;

  /// Closes; a failure is lost.
  ~SqliteBlob() override;

  [[nodiscard]] bool closed() const noexcept override { return blob_ == nullptr; }

  [[nodiscard]] bool readable() const override;
  [[nodiscard]] bool writable() const override;
  [[nodiscard]] bool seekable() const override;

  /// Errors: ClosedError.
  [[nodiscard]] std::size_t size() const;

  using Stream::read;
  using Stream::write;

  /// Cost:   one copy, from SQLite's pages into the result.
  /// Errors: ClosedError; SqliteError: SQLITE_ABORT once the row has been changed by somebody else.
  [[nodiscard]] Bytes read(std::ptrdiff_t size = -1) override;

  std::size_t readinto(MutableByteSpan target) override;

  /// Errors: as read(); UnsupportedOperation when read-only; std::length_error for more than there is
  ///         room for: nothing is written then.
  std::size_t write(ByteSpan data) override;

  /// Takes what there is room for.
  std::size_t write_some(ByteSpan data) override;

  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override;
  [[nodiscard]] std::size_t tell() const override;

  /// Goes to the same column of another row, position 0, which is faster than another SqliteBlob.
  /// Errors: SqliteError; the stream is then good for nothing but close().
  void reopen(std::int64_t row);

  /// Errors: SqliteError when SQLite could not commit; the stream is closed all the same.
  void close() override;

 private:
  [[nodiscard]] std::size_t left() const;

  /// Errors: SqliteError unless `code` is none.
  void check(int code, const char* what) const;

  sqlite3* database_ = nullptr;
  sqlite3_blob* blob_ = nullptr;
  std::string value_;  // as errors name it: "main.files.content"
  std::int64_t row_ = 0;
  std::size_t size_ = 0;  // SQLite says 0 once the row has been changed
  std::size_t position_ = 0;
  bool readonly_ = false;
};

}  // namespace quire
