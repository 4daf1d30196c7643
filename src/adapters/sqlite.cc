#include "quire/adapters/sqlite.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <unordered_map>
#include <utility>

#include <sqlite3.h>

#include "quire/error.h"

namespace quire {

namespace {

/// Bytes that SQLite reads. All it gives back is their address.
class Bound {
 public:
  void add(const Bytes& value) {
    const std::lock_guard lock(mutex_);
    values_.emplace(value.data(), value);
  }

  // Of several at one address, which are one block, any will do.
  void remove(const void* data) noexcept {
    Bytes last;  // its memory is freed without the lock
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(data);
    if (found == values_.end()) return;
    last = std::move(found->second);
    values_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::unordered_multimap<const void*, Bytes> values_;
};

Bound& bound() {
  // Never destroyed: a connection may be closed by another static object's destructor.
  static Bound& bound = *new Bound;
  return bound;
}

[[noreturn]] void throw_sqlite(int code, sqlite3* database, const std::string& what) {
  if ((code & 0xff) == SQLITE_NOMEM) throw std::bad_alloc();
  // The connection's words are about the last call that failed, which may be another one.
  const bool its_own = database != nullptr && (sqlite3_errcode(database) & 0xff) == (code & 0xff);
  const int extended = its_own ? sqlite3_extended_errcode(database) : code;
  throw SqliteError(extended,
                    what + ": " + (its_own ? sqlite3_errmsg(database) : sqlite3_errstr(code)));
}

}  // namespace

void bind_blob(sqlite3_stmt* statement, int index, Bytes value) {
  int code = SQLITE_OK;
  if (value.block() == nullptr) {
    // Static memory. SQLite takes a null pointer for NULL.
    code = sqlite3_bind_blob64(statement, index,
                               value.empty() ? "" : static_cast<const void*>(value.data()),
                               value.size(), SQLITE_STATIC);
  } else {
    bound().add(value);
    // Called in any case, also when the binding fails.
    code = sqlite3_bind_blob64(statement, index, value.data(), value.size(),
                               [](void* data) { bound().remove(data); });
  }
  if (code != SQLITE_OK) {
    throw_sqlite(
        code, sqlite3_db_handle(statement),
        "binding " + std::to_string(value.size()) + " bytes to parameter " + std::to_string(index));
  }
}

ByteSpan column_view(sqlite3_stmt* statement, int column) {
  const void* const data = sqlite3_column_blob(statement, column);
  const int size = sqlite3_column_bytes(statement, column);
  // Null is also NULL, and a blob of no bytes.
  if (data == nullptr && sqlite3_errcode(sqlite3_db_handle(statement)) == SQLITE_NOMEM) {
    throw std::bad_alloc();
  }
  return {static_cast<const std::byte*>(data),
          data == nullptr ? 0 : static_cast<std::size_t>(size)};
}

Bytes column_blob(sqlite3_stmt* statement, int column) {
  return Bytes(column_view(statement, column));
}

// --- SqliteBlob ----------------------------------------------------------------------------------

SqliteBlob::SqliteBlob(sqlite3* database, const std::string& table, const std::string& column,
                       std::int64_t row, bool readonly, const std::string& name)
    : database_(database),
      value_(name + "." + table + "." + column),
      row_(row),
      readonly_(readonly) {
  check(sqlite3_blob_open(database, name.c_str(), table.c_str(), column.c_str(), row,
                          readonly ? 0 : 1, &blob_),
        "opening");
  size_ = static_cast<std::size_t>(sqlite3_blob_bytes(blob_));
}

SqliteBlob::SqliteBlob(SqliteBlob&& other) noexcept
    : Stream(static_cast<Stream&&>(other)),
      database_(other.database_),
      blob_(std::exchange(other.blob_, nullptr)),
      value_(std::move(other.value_)),
      row_(other.row_),
      size_(other.size_),
      position_(other.position_),
      readonly_(other.readonly_) {}

SqliteBlob& SqliteBlob::operator=(SqliteBlob&& other) noexcept {
  if (this != &other) {
    sqlite3_blob_close(std::exchange(blob_, std::exchange(other.blob_, nullptr)));
    Stream::operator=(static_cast<Stream&&>(other));
    database_ = other.database_;
    value_ = std::move(other.value_);
    row_ = other.row_;
    size_ = other.size_;
    position_ = other.position_;
    readonly_ = other.readonly_;
  }
  return *this;
}

SqliteBlob::~SqliteBlob() {
  sqlite3_blob_close(blob_);
}

void SqliteBlob::check(int code, const char* what) const {
  if (code == SQLITE_OK) return;
  throw_sqlite(code, database_,
               std::string(what) + " " + value_ + " of row " + std::to_string(row_));
}

bool SqliteBlob::readable() const {
  check_open();
  return true;
}

bool SqliteBlob::writable() const {
  check_open();
  return !readonly_;
}

bool SqliteBlob::seekable() const {
  check_open();
  return true;
}

std::size_t SqliteBlob::size() const {
  check_open();
  return size_;
}

std::size_t SqliteBlob::left() const {
  const std::size_t all = size();
  return position_ < all ? all - position_ : 0;
}

std::size_t SqliteBlob::readinto(MutableByteSpan target) {
  const std::size_t count = std::min(target.size(), left());
  if (count == 0) return 0;
  check(
      sqlite3_blob_read(blob_, target.data(), static_cast<int>(count), static_cast<int>(position_)),
      "reading");
  position_ += count;
  return count;
}

Bytes SqliteBlob::read(std::ptrdiff_t size) {
  const std::size_t count = size < 0 ? left() : std::min(left(), static_cast<std::size_t>(size));
  return detail::make_bytes(count, [&](std::byte* target) { readinto({target, count}); });
}

std::size_t SqliteBlob::write_some(ByteSpan data) {
  if (!writable()) detail::throw_unsupported("write");
  const std::size_t count = std::min(data.size(), left());
  if (count == 0) return 0;
  check(
      sqlite3_blob_write(blob_, data.data(), static_cast<int>(count), static_cast<int>(position_)),
      "writing");
  position_ += count;
  return count;
}

std::size_t SqliteBlob::write(ByteSpan data) {
  if (data.size() > left() && writable()) {
    throw std::length_error("writing " + std::to_string(data.size()) + " bytes at " +
                            std::to_string(position_) + " of " + value_ + " of row " +
                            std::to_string(row_) + ", a blob of " + std::to_string(size()));
  }
  return write_some(data);
}

std::size_t SqliteBlob::seek(std::ptrdiff_t offset, Whence whence) {
  return position_ = detail::seek_target(offset, whence, position_, size());
}

std::size_t SqliteBlob::tell() const {
  check_open();
  return position_;
}

void SqliteBlob::reopen(std::int64_t row) {
  check_open();
  row_ = row;
  position_ = 0;
  check(sqlite3_blob_reopen(blob_, row), "opening");
  size_ = static_cast<std::size_t>(sqlite3_blob_bytes(blob_));
}

void SqliteBlob::close() {
  if (blob_ == nullptr) return;
  check(sqlite3_blob_close(std::exchange(blob_, nullptr)), "closing");
}

}  // namespace quire
