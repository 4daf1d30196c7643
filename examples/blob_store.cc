// Files in the rows of an SQLite database, and a ZIP archive of them made in memory.
//
//     blob_store [FILE...]
//
// A file goes into its row piece by piece, comes out as one Bytes or piece by piece, and goes from its row
// into the archive without ever being in memory as a whole. Checksums tell that nothing was changed.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "quire/adapters/hash.h"
#include "quire/adapters/sqlite.h"
#include "quire/adapters/zip.h"
#include "quire/quire.h"

namespace {

using namespace quire;

void check(int code, sqlite3* database) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  throw SqliteError(code, sqlite3_errmsg(database));
}

/// Files by name.
class BlobStore {
 public:
  BlobStore() {
    check(sqlite3_open(":memory:", &database_), database_);
    run("CREATE TABLE files(id INTEGER PRIMARY KEY, name TEXT UNIQUE, content BLOB)");
  }

  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;

  ~BlobStore() { sqlite3_close_v2(database_); }

  /// What is in memory already: SQLite reads it from there.
  void put(const std::string& name, Bytes content) {
    const Statement insert = prepare("INSERT INTO files(name, content) VALUES(?, ?)", name);
    bind_blob(insert.get(), 2, std::move(content));
    check(sqlite3_step(insert.get()), database_);
  }

  /// What is not: room is made for it, then it is copied there a piece at a time.
  void put(const std::string& name, Stream& content) {
    const std::size_t start = content.tell();
    const std::size_t size = content.seek(0, Whence::End) - start;
    content.seek(static_cast<std::ptrdiff_t>(start));
    const Statement insert =
        prepare("INSERT INTO files(name, content) VALUES(?, zeroblob(?))", name);
    sqlite3_bind_int64(insert.get(), 2, static_cast<sqlite3_int64>(size));
    check(sqlite3_step(insert.get()), database_);
    SqliteBlob blob(database_, "files", "content", sqlite3_last_insert_rowid(database_));
    copyfileobj(content, blob);
    blob.close();
  }

  /// To be read a piece at a time. Errors: std::out_of_range.
  [[nodiscard]] SqliteBlob open(const std::string& name) const {
    const Statement select = prepare("SELECT id FROM files WHERE name = ?", name);
    if (sqlite3_step(select.get()) != SQLITE_ROW) throw std::out_of_range("no file " + name);
    return {database_, "files", "content", sqlite3_column_int64(select.get(), 0), true};
  }

  [[nodiscard]] std::vector<std::string> names() const {
    const Statement select = prepare("SELECT name FROM files ORDER BY name");
    std::vector<std::string> names;
    while (sqlite3_step(select.get()) == SQLITE_ROW) {
      names.push_back(column_blob(select.get(), 0).to_string());
    }
    return names;
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  void run(const char* sql) {
    check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr), database_);
  }

  [[nodiscard]] Statement prepare(const char* sql, const std::string& name = {}) const {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr), database_);
    if (!name.empty()) sqlite3_bind_text(statement, 1, name.c_str(), -1, SQLITE_TRANSIENT);
    return Statement(statement);
  }

  sqlite3* database_ = nullptr;
};

/// That of all that a stream reads.
std::string sha256(StreamHandle source) {
  HashStream<Sha256> hashed(std::move(source));
  while (!hashed.read(1 << 16).empty()) {
  }
  return hashed.hash().hexdigest().substr(0, 16);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> paths(argv + 1, argv + argc);
  const std::string data = QUIRE_SOURCE_DIR "/examples/data/";
  if (paths.empty())
    paths = {data + "grace_hopper.jpg", data + "grace_hopper.png", data + "archive.zip"};
  BlobStore store;
  for (const std::string& path : paths) {
    FileIO file(path);
    store.put(std::filesystem::path(path).filename().string(), file);
  }
  store.put("note.txt", "made in memory"_b);

  BytesIO memory;
  ZipFile writer(memory, "w");
  for (const std::string& name : store.names()) writer.add(name, store.open(name));
  writer.close();

  const ZipFile archive(memory);
  for (const std::string& name : store.names()) {
    SqliteBlob row = store.open(name);
    const std::size_t size = row.size();
    const std::string of_row = sha256(row);
    if (sha256(archive.open(name)) != of_row) throw std::runtime_error(name + " has changed");
    std::printf("%-18s %7zu bytes  sha256 %s...\n", name.c_str(), size, of_row.c_str());
  }
  std::cout << archive.read("note.txt") << '\n';
}
