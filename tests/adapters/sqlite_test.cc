// Blobs against SQLite itself: what is bound is not copied and lives as long as SQLite wants it, values
// come back as they were, blobs work as streams, and every way to fail has a name.
#include "quire/adapters/sqlite.h"

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "quire/adapters/gtest.h"
#include "quire/buffered_io.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/stream.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::pattern;
using test::text;

static_assert(std::is_nothrow_move_constructible_v<SqliteBlob>);
static_assert(std::is_nothrow_move_assignable_v<SqliteBlob>);

class Database {
 public:
  explicit Database(const string& path = ":memory:") {
    if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) std::abort();
  }

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  ~Database() { EXPECT_EQ(sqlite3_close(database_), SQLITE_OK) << "something was left open"; }

  operator sqlite3*() const { return database_; }

  void run(const string& sql) {
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK)
        << sql << ": " << (error != nullptr ? error : "");
    sqlite3_free(error);
  }

 private:
  sqlite3* database_ = nullptr;
};

class Statement {
 public:
  Statement(sqlite3* database, const string& sql) {
    if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement_, nullptr) != SQLITE_OK) {
      ADD_FAILURE() << sql << ": " << sqlite3_errmsg(database);
    }
  }

  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  ~Statement() { sqlite3_finalize(statement_); }

  operator sqlite3_stmt*() const { return statement_; }

  int step() { return sqlite3_step(statement_); }

  void run() {
    EXPECT_EQ(step(), SQLITE_DONE);
    sqlite3_reset(statement_);
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

/// Bytes that say when their memory is freed.
Bytes watched(const string& content, bool& freed) {
  static thread_local bool* flag = nullptr;
  flag = &freed;
  auto* const memory = new string(content);
  // The string's address must be found from its characters: one at a time.
  static thread_local string* owner = nullptr;
  owner = memory;
  return Bytes::adopt(memory->data(), memory->size(), [](void*) noexcept {
    *flag = true;
    delete std::exchange(owner, nullptr);
  });
}

Database& with_table(Database& database) {
  database.run("CREATE TABLE files(id INTEGER PRIMARY KEY, content BLOB)");
  return database;
}

/// Row 1, a value of `size` zeros.
void add_zeros(Database& database, std::size_t size) {
  database.run("INSERT INTO files(content) VALUES(zeroblob(" + std::to_string(size) + "))");
}

// --- binding and reading ---------------------------------------------------------------------------

TEST(SqliteBind, ValuesOfEverySizeComeBack) {
  Database database;
  with_table(database);
  Statement insert(database, "INSERT INTO files VALUES(?, ?)");
  const std::vector<std::size_t> sizes = {0,    1,    2,     100,    4095,   4096,
                                          4097, 5000, 65536, 100000, 1000000};
  for (const std::size_t size : sizes) {
    sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(size));
    bind_blob(insert, 2, Bytes(pattern(size)));
    insert.run();
  }
  Statement select(database, "SELECT content, typeof(content) FROM files ORDER BY id");
  for (const std::size_t size : sizes) {
    ASSERT_EQ(select.step(), SQLITE_ROW);
    EXPECT_EQ(string(reinterpret_cast<const char*>(sqlite3_column_text(select, 1))), "blob")
        << size;
    EXPECT_EQ(text(column_view(select, 0)), pattern(size)) << size;
    EXPECT_EQ(text(column_blob(select, 0)), pattern(size)) << size;
  }
}

TEST(SqliteBind, CopiesNothing) {
  Database database;
  BytesIO stream(pattern(100'000));
  Statement echo(database, "SELECT ?");
  EXPECT_COPIED_AT_MOST(0) {
    const Bytes value = stream.getvalue();
    bind_blob(echo, 1, value);
    ASSERT_EQ(echo.step(), SQLITE_ROW);
    EXPECT_EQ(column_view(echo, 0).size(), value.size());
  }
}

TEST(SqliteBind, SqliteReadsTheBytesWhereTheyAre) {
  Database database;
  const Bytes value(pattern(1000));
  const void* seen = nullptr;
  sqlite3_create_function(
      database, "look", 1, SQLITE_UTF8, &seen,
      [](sqlite3_context* context, int, sqlite3_value** values) {
        *static_cast<const void**>(sqlite3_user_data(context)) = sqlite3_value_blob(values[0]);
      },
      nullptr, nullptr);
  Statement look(database, "SELECT look(?)");
  bind_blob(look, 1, value);
  ASSERT_EQ(look.step(), SQLITE_ROW);
  EXPECT_EQ(seen, value.data());
}

TEST(SqliteBind, KeepsTheMemoryUntilSqliteLetsGo) {
  Database database;
  bool freed = false;
  {
    Statement echo(database, "SELECT ?");
    bind_blob(echo, 1, watched(pattern(50), freed));
    EXPECT_FALSE(freed);
    ASSERT_EQ(echo.step(), SQLITE_ROW);
    EXPECT_EQ(text(column_blob(echo, 0)), pattern(50));
    sqlite3_reset(echo);
    EXPECT_FALSE(freed) << "a reset keeps what is bound";
    bind_blob(echo, 1, "another"_b);
    EXPECT_TRUE(freed);

    freed = false;
    bind_blob(echo, 1, watched(pattern(50), freed));
    sqlite3_clear_bindings(echo);
    EXPECT_TRUE(freed);

    freed = false;
    bind_blob(echo, 1, watched(pattern(50), freed));
  }
  EXPECT_TRUE(freed) << "finalized";
}

TEST(SqliteBind, WhatTheStreamDoesLaterChangesNothing) {
  Database database;
  Statement echo(database, "SELECT ?");
  auto stream = std::make_unique<BytesIO>(pattern(10'000));
  bind_blob(echo, 1, stream->getvalue());
  stream->seek(0);
  stream->write("changed");
  stream.reset();
  ASSERT_EQ(echo.step(), SQLITE_ROW);
  EXPECT_EQ(text(column_blob(echo, 0)), pattern(10'000));
}

TEST(SqliteBind, TheSameBytesMayBeBoundManyTimes) {
  Database database;
  bool freed = false;
  {
    Bytes value = watched(pattern(500), freed);
    Statement both(database, "SELECT ?, ?, ?, length(?)");
    bind_blob(both, 1, value);
    bind_blob(both, 2, value);
    bind_blob(both, 3, value.slice(0, 10));  // the same address
    bind_blob(both, 4, value.slice(10));
    value = Bytes();
    for (int i = 1; i <= 3; ++i) {
      EXPECT_FALSE(freed);
      bind_blob(both, i, Bytes());
    }
    EXPECT_FALSE(freed);
    ASSERT_EQ(both.step(), SQLITE_ROW);
    EXPECT_EQ(sqlite3_column_int(both, 3), 490);
  }
  EXPECT_TRUE(freed);
}

TEST(SqliteBind, EmptyIsNotNull) {
  Database database;
  Statement type(database, "SELECT typeof(?), ?, NULL");
  bind_blob(type, 1, Bytes());
  bind_blob(type, 2, ""_b);
  ASSERT_EQ(type.step(), SQLITE_ROW);
  EXPECT_EQ(text(column_blob(type, 0)), "blob");
  EXPECT_EQ(sqlite3_column_type(type, 1), SQLITE_BLOB);
  EXPECT_TRUE(column_blob(type, 1).empty());
  EXPECT_EQ(sqlite3_column_type(type, 2), SQLITE_NULL);
  EXPECT_TRUE(column_blob(type, 2).empty());
}

TEST(SqliteBind, ColumnsOfOtherTypesAreTheirText) {
  Database database;
  Statement values(database, "SELECT 'text', 42, 1.5");
  ASSERT_EQ(values.step(), SQLITE_ROW);
  EXPECT_EQ(text(column_blob(values, 0)), "text");
  EXPECT_EQ(text(column_blob(values, 1)), "42");
  EXPECT_EQ(text(column_blob(values, 2)), "1.5");
}

TEST(SqliteBind, FailuresAreNamedAndKeepNothing) {
  Database database;
  bool freed = false;
  Statement echo(database, "SELECT ?");
  EXPECT_EQ(message_of<SqliteError>([&] { bind_blob(echo, 2, watched(pattern(3), freed)); }),
            "binding 3 bytes to parameter 2: column index out of range");
  EXPECT_TRUE(freed);

  freed = false;
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 1000);
  EXPECT_EQ(message_of<SqliteError>([&] { bind_blob(echo, 1, watched(pattern(1001), freed)); }),
            "binding 1001 bytes to parameter 1: string or blob too big");
  EXPECT_TRUE(freed);

  freed = false;
  ASSERT_EQ(echo.step(), SQLITE_ROW);
  try {
    bind_blob(echo, 1, watched(pattern(3), freed));
    ADD_FAILURE() << "bound to a statement that is running";
  } catch (const SqliteError& error) {
    EXPECT_EQ(error.code() & 0xff, SQLITE_MISUSE) << error.what();
  }
  EXPECT_TRUE(freed);
}

TEST(SqliteBind, ConnectionsOfManyThreadsBindTheSameBytes) {
  const Bytes value(pattern(5000));
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([value] {
      Database database;
      Statement length(database, "SELECT length(?)");
      for (int i = 0; i < 200; ++i) {
        bind_blob(length, 1, value.slice(i % 3));
        ASSERT_EQ(length.step(), SQLITE_ROW);
        ASSERT_EQ(sqlite3_column_int(length, 0), 5000 - i % 3);
        sqlite3_reset(length);
      }
    });
  }
}

// --- SqliteBlob ------------------------------------------------------------------------------------

TEST(SqliteBlob, ReadsAndWritesTheValueInPlace) {
  Database database;
  add_zeros(with_table(database), 100);
  {
    SqliteBlob blob(database, "files", "content", 1);
    EXPECT_EQ(blob.size(), 100u);
    EXPECT_EQ(blob.write("hello"), 5u);
    EXPECT_EQ(blob.tell(), 5u);
    EXPECT_EQ(blob.seek(-4, Whence::End), 96u);
    EXPECT_EQ(blob.write("last"), 4u);
    EXPECT_EQ(blob.seek(0), 0u);
    EXPECT_EQ(text(blob.read(7)), string("hello\0\0", 7));
    EXPECT_TRUE(blob.readable() && blob.writable() && blob.seekable() && !blob.isatty());
  }
  Statement select(database, "SELECT content FROM files");
  ASSERT_EQ(select.step(), SQLITE_ROW);
  EXPECT_EQ(text(column_blob(select, 0)), "hello" + string(91, '\0') + "last");
}

TEST(SqliteBlob, IsAStreamLikeAnyOther) {
  const string data = pattern(50'000);
  Database database;
  add_zeros(with_table(database), data.size());
  SqliteBlob blob(database, "files", "content", 1);
  BytesIO source(data);
  EXPECT_EQ(copyfileobj(source, blob, {}, 1000), data.size());
  blob.seek(0);
  BytesIO target;
  EXPECT_EQ(copyfileobj(blob, target, {}, 777), data.size());
  EXPECT_EQ(text(target.getvalue()), data);
  blob.seek(0);
  BufferedReader lines(blob);
  string joined;
  for (const Bytes& line : lines) joined += text(line);
  EXPECT_EQ(joined, data);
  lines.close();
  EXPECT_FALSE(blob.closed()) << "it was lent";
}

TEST(SqliteBlob, EveryPositionAndSizeReadsWhatIsThere) {
  const string data = pattern(40);
  Database database;
  with_table(database);
  Statement insert(database, "INSERT INTO files(content) VALUES(?)");
  bind_blob(insert, 1, Bytes(data));
  insert.run();
  SqliteBlob blob(database, "files", "content", 1, true);
  string room(64, '\0');
  for (std::size_t at = 0; at <= 45; ++at) {
    const string rest = at < 40 ? data.substr(at) : "";
    for (std::size_t size = 0; size <= 45; ++size) {
      blob.seek(static_cast<std::ptrdiff_t>(at));
      ASSERT_EQ(text(blob.read(static_cast<std::ptrdiff_t>(size))), rest.substr(0, size));
      blob.seek(static_cast<std::ptrdiff_t>(at));
      const std::size_t count = blob.readinto({room.data(), size});
      ASSERT_EQ(room.substr(0, count), rest.substr(0, size)) << at << ' ' << size;
      ASSERT_EQ(blob.tell(), at + count);
    }
    blob.seek(static_cast<std::ptrdiff_t>(at));
    ASSERT_EQ(text(blob.read()), rest);
  }
}

TEST(SqliteBlob, IsReadWithOneCopy) {
  Database database;
  add_zeros(with_table(database), 100'000);
  SqliteBlob blob(database, "files", "content", 1);
  EXPECT_COPIED_AT_MOST(100'000) {
    EXPECT_EQ(blob.read().size(), 100'000u);
  }
}

TEST(SqliteBlob, DoesNotGrow) {
  Database database;
  add_zeros(with_table(database), 10);
  SqliteBlob blob(database, "files", "content", 1);
  blob.seek(8);
  EXPECT_EQ(message_of<std::length_error>([&] { blob.write("abc"); }),
            "writing 3 bytes at 8 of main.files.content of row 1, a blob of 10");
  EXPECT_EQ(blob.tell(), 8u);
  EXPECT_EQ(blob.write_some("abc"), 2u);
  EXPECT_EQ(blob.write_some("c"), 0u);
  EXPECT_EQ(blob.write(""), 0u);
  EXPECT_THROW(blob.truncate(5), UnsupportedOperation);
  blob.seek(0);
  EXPECT_EQ(text(blob.read()), string(8, '\0') + "ab");
}

TEST(SqliteBlob, GoesFromRowToRow) {
  Database database;
  add_zeros(with_table(database), 5);
  add_zeros(database, 7);
  SqliteBlob blob(database, "files", "content", 1);
  blob.write("first");
  blob.reopen(2);
  EXPECT_EQ(blob.size(), 7u);
  EXPECT_EQ(blob.tell(), 0u);
  blob.write("another");
  EXPECT_EQ(message_of<SqliteError>([&] { blob.reopen(3); }),
            "opening main.files.content of row 3: no such rowid: 3");
  EXPECT_THROW(static_cast<void>(blob.read()), SqliteError) << "and not the end of data";
  SqliteBlob first(database, "files", "content", 1);
  EXPECT_EQ(text(first.read()), "first");
}

TEST(SqliteBlob, MovesLikeAnyStream) {
  Database database;
  add_zeros(with_table(database), 5);
  add_zeros(database, 7);
  SqliteBlob blob(database, "files", "content", 1);
  SqliteBlob moved(std::move(blob));
  EXPECT_TRUE(blob.closed());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(moved.size(), 5u);
  moved = SqliteBlob(database, "files", "content", 2);
  EXPECT_EQ(moved.size(), 7u);
}

TEST(SqliteBlob, WhatCannotBeOpenedIsNamed) {
  Database database;
  with_table(database);
  database.run("INSERT INTO files VALUES(1, NULL), (2, 'text'), (3, 4)");
  const auto refused = [&](const string& table, const string& column, std::int64_t row,
                           const string& name = "main") {
    return message_of<SqliteError>([&] { SqliteBlob(database, table, column, row, false, name); });
  };
  EXPECT_EQ(refused("files", "content", 9),
            "opening main.files.content of row 9: no such rowid: 9");
  EXPECT_EQ(refused("files", "content", 1),
            "opening main.files.content of row 1: cannot open value of type null");
  EXPECT_EQ(refused("files", "content", 3),
            "opening main.files.content of row 3: cannot open value of type integer");
  EXPECT_EQ(refused("nothing", "content", 1),
            "opening main.nothing.content of row 1: no such table: main.nothing");
  EXPECT_EQ(refused("files", "nothing", 1),
            "opening main.files.nothing of row 1: no such column: \"nothing\"");
  EXPECT_EQ(refused("files", "content", 1, "other").rfind("opening other.files.content", 0), 0u);
  EXPECT_EQ(SqliteBlob(database, "files", "content", 2).read(), "text"_b);
}

TEST(SqliteBlob, AnotherChangeOfTheRowEndsIt) {
  Database database;
  add_zeros(with_table(database), 10);
  SqliteBlob blob(database, "files", "content", 1);
  database.run("UPDATE files SET content = x'00'");
  for (const auto& action : std::vector<std::function<void()>>{
           [&] { static_cast<void>(blob.read(1)); }, [&] { blob.write("x"); }}) {
    try {
      action();
      ADD_FAILURE() << "the row has been changed";
    } catch (const SqliteError& error) {
      EXPECT_EQ(error.code(), SQLITE_ABORT) << error.what();
    }
  }
}

TEST(SqliteBlob, AReadOnlyOneRefusesToWrite) {
  Database database;
  add_zeros(with_table(database), 10);
  SqliteBlob blob(database, "files", "content", 1, true);
  EXPECT_FALSE(blob.writable());
  EXPECT_THROW(blob.write("x"), UnsupportedOperation);
  EXPECT_THROW(blob.write(string(11, 'x')), UnsupportedOperation);
  EXPECT_EQ(blob.read().size(), 10u);
}

TEST(SqliteBlob, ALockedDatabaseIsNamed) {
  const test::TempDirectory directory;
  const string path = directory.path() + "/locked.db";
  Database one(path);
  add_zeros(with_table(one), 10);
  Database other(path);
  other.run("BEGIN EXCLUSIVE");
  try {
    SqliteBlob blob(one, "files", "content", 1);
    ADD_FAILURE() << "it is locked";
  } catch (const SqliteError& error) {
    EXPECT_EQ(error.code() & 0xff, SQLITE_BUSY) << error.what();
    EXPECT_STREQ(error.what(), "opening main.files.content of row 1: database is locked");
  }
  other.run("COMMIT");
}

TEST(SqliteBlob, AClosedOneRefusesEverything) {
  Database database;
  add_zeros(with_table(database), 10);
  SqliteBlob blob(database, "files", "content", 1);
  blob.close();
  blob.close();
  EXPECT_TRUE(blob.closed());
  EXPECT_THROW(static_cast<void>(blob.read()), ClosedError);
  EXPECT_THROW(blob.write("x"), ClosedError);
  EXPECT_THROW(blob.write(""), ClosedError);
  EXPECT_THROW(blob.seek(0), ClosedError);
  EXPECT_THROW(static_cast<void>(blob.tell()), ClosedError);
  EXPECT_THROW(static_cast<void>(blob.size()), ClosedError);
  EXPECT_THROW(blob.reopen(1), ClosedError);
  EXPECT_THROW(static_cast<void>(blob.readable()), ClosedError);
}

}  // namespace
}  // namespace quire
