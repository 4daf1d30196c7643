// Blobs into SQLite and back, beside SQLITE_TRANSIENT and std::string.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "bench.h"
#include "moved.h"
#include "quire/adapters/sqlite.h"
#include "quire/bytes_io.h"
#include "quire/ledger.h"

namespace {

using namespace bench;

constexpr std::size_t kRows = 16;

std::size_t blob_size() {
  return scaled(4 * kMiB);
}

void check(bool condition) {
  if (!condition) std::abort();
}

/// A table in memory, with a value in each row.
class Table {
 public:
  Table() {
    check(sqlite3_open(":memory:", &database_) == SQLITE_OK);
    run("CREATE TABLE files(id INTEGER PRIMARY KEY, content BLOB)");
    insert_ = prepare("INSERT OR REPLACE INTO files VALUES(?, ?)");
    select_ = prepare("SELECT content FROM files WHERE id = ?");
    for (std::size_t i = 0; i < kRows; ++i) {
      insert(i,
             [](sqlite3_stmt* statement) { sqlite3_bind_zeroblob64(statement, 2, blob_size()); });
    }
  }

  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  ~Table() {
    sqlite3_finalize(insert_);
    sqlite3_finalize(select_);
    sqlite3_close(database_);
  }

  template <class Bind>
  void insert(std::size_t row, Bind bind) {
    sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(row));
    bind(insert_);
    check(sqlite3_step(insert_) == SQLITE_DONE);
    sqlite3_reset(insert_);
    sqlite3_clear_bindings(insert_);
  }

  template <class Use>
  void select(std::size_t row, Use use) {
    sqlite3_bind_int64(select_, 1, static_cast<sqlite3_int64>(row));
    check(sqlite3_step(select_) == SQLITE_ROW);
    use(select_);
    sqlite3_reset(select_);
  }

  [[nodiscard]] sqlite3* get() const { return database_; }

 private:
  void run(const char* sql) {
    check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }

  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) == SQLITE_OK);
    return statement;
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* select_ = nullptr;
};

/// `work(table, row)` does it once.
template <class Work>
void blob_row(const std::string& workload, std::string_view peer, Work work) {
  long_row("sqlite/" + workload, peer, [=](benchmark::State& state) {
    Table table;
    std::uint64_t copied = 0;
    const Moved moved(state);
    for (auto _ : state) {
      const quire::Ledger before = quire::thread_ledger();
      for (std::size_t row = 0; row < kRows; ++row) work(table, row);
      copied = (quire::thread_ledger() - before).copied_total();
    }
    state.counters["copied_bytes"] = static_cast<double>(copied);
    count_bytes(state, kRows * blob_size());
  });
}

}  // namespace

int main(int argc, char** argv) {
  const quire::BytesIO stream(quire::Bytes(random_text(blob_size())));
  const auto value = [&] { return stream.getvalue(); };
  const std::string insert = "insert 16 x 4 MiB";
  blob_row(insert, "quire", [=](Table& table, std::size_t row) {
    table.insert(row, [&](sqlite3_stmt* statement) { quire::bind_blob(statement, 2, value()); });
  });
  blob_row(insert, "SQLITE_TRANSIENT", [=](Table& table, std::size_t row) {
    table.insert(row, [&](sqlite3_stmt* statement) {
      const quire::Bytes bytes = value();
      sqlite3_bind_blob64(statement, 2, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
    });
  });
  blob_row(insert, "quire, SqliteBlob", [=](Table& table, std::size_t row) {
    quire::SqliteBlob blob(table.get(), "files", "content", static_cast<std::int64_t>(row));
    blob.write(value());
  });

  const std::string select = "select 16 x 4 MiB";
  blob_row(select, "quire", [](Table& table, std::size_t row) {
    quire::SqliteBlob blob(table.get(), "files", "content", static_cast<std::int64_t>(row), true);
    check(blob.read().size() == blob_size());
  });
  blob_row(select, "quire, column_blob", [](Table& table, std::size_t row) {
    table.select(row, [](sqlite3_stmt* statement) {
      check(quire::column_blob(statement, 0).size() == blob_size());
    });
  });
  blob_row(select, "std::string", [](Table& table, std::size_t row) {
    table.select(row, [](sqlite3_stmt* statement) {
      const auto* const data = static_cast<const char*>(sqlite3_column_blob(statement, 0));
      const std::string copy(data, static_cast<std::size_t>(sqlite3_column_bytes(statement, 0)));
      check(copy.size() == blob_size());
    });
  });
  return run(argc, argv);
}
