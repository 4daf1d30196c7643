// The programs of docs/guide/copies.md. Linked with GoogleTest: one of them is a test.

#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

// [test]
#include <gtest/gtest.h>
#include <quire/adapters/gtest.h>
#include <quire/quire.h>

using namespace quire::literals;

std::vector<quire::Bytes> parse(const quire::BytesIO& request) {
  return request.getvalue().split("&");
}

TEST(Parse, SharesWhatItFinds) {
  quire::BytesIO request("name=quire&size=20"_b);
  EXPECT_COPIED_AT_MOST(0) {
    const std::vector<quire::Bytes> fields = parse(request);
    EXPECT_EQ(fields[1], "size=20"_b);
  }
}
// [/test]

namespace {

constexpr std::size_t kMebibyte = 1 << 20;

}  // namespace

int main(int argc, char** argv) {
  // [ledger]
  quire::BytesIO f;
  f.write(std::string(1000, 'x'));        // from the caller's buffer
  const quire::Bytes all = f.getvalue();  // shared
  f.write_at(0, "y");                     // `all` shows that byte: copied on write

  using quire::CopyReason;
  const quire::Ledger ledger = f.ledger();
  std::cout << ledger.copied_for(CopyReason::Caller) << " bytes from the caller\n"
            << ledger.copied_for(CopyReason::CopyOnWrite) << " on write\n"
            << ledger.shared_total() << " shared\n";
  // [/ledger]

  // [thread]
  const quire::Ledger before = quire::thread_ledger();
  const quire::Bytes words = quire::Bytes("to be or not to be").replace("be", "do");
  const quire::Ledger done = quire::thread_ledger() - before;
  std::cout << "copied " << done.copied_total() << " bytes\n";
  // [/thread]

  // [memory]
  quire::MemoryReport report;
  quire::BytesIO large;
  large.reserve(50 * kMebibyte);
  large.write(std::vector<char>(50 * kMebibyte));
  const quire::Bytes snapshot = large.getvalue();
  const auto allocated = static_cast<std::size_t>(report.additional_bytes());
  std::cout << "allocated " << allocated / kMebibyte << " MiB, copied "
            << report.ledger().copied_total() / kMebibyte << " MiB\n";
  // [/memory]

  testing::InitGoogleTest(&argc, argv);
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());  // prints times
  return RUN_ALL_TESTS();
}
