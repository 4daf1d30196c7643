// The program of docs/adapters/sqlite.md.
#include "quire/adapters/sqlite.h"

#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include <sqlite3.h>

#include "quire/quire.h"

using namespace quire;

namespace {

sqlite3_stmt* prepare(sqlite3* database, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) != SQLITE_OK) std::abort();
  return statement;
}

}  // namespace

int main() {
  sqlite3* database = nullptr;
  sqlite3_open(":memory:", &database);

  // [bind]
  sqlite3_exec(database, "CREATE TABLE files(content BLOB)", nullptr, nullptr, nullptr);
  BytesIO f("the content of a file"_b);
  sqlite3_stmt* const insert = prepare(database, "INSERT INTO files VALUES(?)");
  bind_blob(insert, 1, f.getvalue());  // SQLite reads the stream's memory, and keeps it
  sqlite3_step(insert);
  sqlite3_finalize(insert);  // until now

  sqlite3_stmt* const select = prepare(database, "SELECT content FROM files");
  sqlite3_step(select);
  const Bytes content = column_blob(select, 0);
  sqlite3_finalize(select);
  std::cout << content << '\n';
  // [/bind]

  // [blob]
  const char* const room = "INSERT INTO files VALUES(zeroblob(11))";
  sqlite3_exec(database, room, nullptr, nullptr, nullptr);
  SqliteBlob blob(database, "files", "content", sqlite3_last_insert_rowid(database));
  blob.write("hello ");
  blob.write("world");
  blob.seek(-5, Whence::End);
  std::cout << blob.read() << '\n';
  // [/blob]

  // [errors]
  try {
    blob.write("!");
  } catch (const std::length_error& error) {
    std::cout << error.what() << '\n';
  }
  try {
    SqliteBlob(database, "files", "content", 9);
  } catch (const SqliteError& error) {
    std::cout << error.what() << '\n';
  }
  // [/errors]
  blob.close();
  sqlite3_close(database);
}
