// EXPECT_COPIED_AT_MOST for GoogleTest: a test of what a statement copies.
//
//   EXPECT_COPIED_AT_MOST(0) {
//     const quire::Bytes value = stream.getvalue();
//     consume(value.slice(100));
//   }
//
// The statement behind the macro runs once, like that behind an `if`: `break`, `continue`, `return`
// and exceptions leave it as ever, and what was copied until then counts. Failures are not fatal.
// They nest. Link quire::gtest.
//
// Thread: counts the calling thread's copies, whatever others do meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <utility>

#include <gtest/gtest.h>

#include "quire/ledger.h"

namespace quire {

// Readings as failures print them: "7 bytes copied (growth 4, getvalue 3), 10 shared (getvalue 10)".
inline void PrintTo(const Ledger& ledger, std::ostream* out) {
  const auto print = [out](const char* what, const auto& bytes, std::uint64_t total) {
    *out << total << what;
    const char* separator = " (";
    for (std::size_t i = 0; i < kCopyReasons; ++i) {
      if (bytes[i] == 0) continue;
      *out << separator << to_string(static_cast<CopyReason>(i)) << ' ' << bytes[i];
      separator = ", ";
    }
    if (total != 0) *out << ')';
  };
  print(" bytes copied", ledger.copied, ledger.copied_total());
  *out << ", ";
  print(" shared", ledger.shared, ledger.shared_total());
}

namespace detail {

/// Fails the test at the end of its life if `read()` then says that more than `limit` bytes were
/// copied.
template <class Read>
class CopyExpectation {
 public:
  CopyExpectation(const char* file, int line, const char* what, std::uint64_t limit, Read read)
      : file_(file), line_(line), what_(what), limit_(limit), read_(read), before_(read_()) {}

  CopyExpectation(const CopyExpectation&) = delete;
  CopyExpectation& operator=(const CopyExpectation&) = delete;

  ~CopyExpectation() {
    const Ledger ledger = read_() - before_;
    if (ledger.copied_total() <= limit_) return;
    ADD_FAILURE_AT(file_, line_) << what_ << ": expected at most " << limit_ << ", got "
                                 << testing::PrintToString(ledger);
  }

 private:
  const char* file_;
  int line_;
  const char* what_;
  std::uint64_t limit_;
  Read read_;
  Ledger before_;
};

}  // namespace detail
}  // namespace quire

#define QUIRE_JOIN_AGAIN(a, b) a##b
#define QUIRE_JOIN(a, b) QUIRE_JOIN_AGAIN(a, b)

// An `else` of its own, so that one that follows belongs to the caller's `if`. Each expectation has a
// name of its own, so that nested ones do not shadow.
#define QUIRE_EXPECT_COPIED(what, limit, read)                                            \
  if (const ::quire::detail::CopyExpectation QUIRE_JOIN(quire_expectation_, __COUNTER__)( \
          __FILE__, __LINE__, what, limit, read);                                         \
      false) {                                                                            \
  } else

/// Expects the statement that follows to copy at most `limit` bytes, for whatever reason, on the
/// calling thread.
#define EXPECT_COPIED_AT_MOST(limit) \
  QUIRE_EXPECT_COPIED("copied by this thread", limit, &::quire::thread_ledger)

/// Expects the statement that follows to make `stream` count at most `limit` bytes as copied,
/// whichever thread copies them. The stream must outlive the statement and not be moved in it.
#define EXPECT_STREAM_COPIED_AT_MOST(stream, limit) \
  QUIRE_EXPECT_COPIED("copied by " #stream, limit,  \
                      ([&quire_stream = std::as_const(stream)] { return quire_stream.ledger(); }))
