// SpooledIO answers as python3's tempfile.SpooledTemporaryFile does, call after call.
#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "quire/spooled_io.h"
#include "support/golden.h"

namespace quire::test::golden {
namespace {

std::string of_line(const Bytes& line) {
  return of_bytes(line);
}

const Table<SpooledIO>& calls() {
  using A = const Arguments&;
  static const Table<SpooledIO> table = {
      {"new",
       [](SpooledIO& s, A a) {
         s = SpooledIO(SpooledOptions{.max_size = a[0].integer<std::size_t>()});
         return none();
       }},
      {"read", [](SpooledIO& s, A a) { return of_bytes(s.read(size_of(a[0]))); }},
      {"readline", [](SpooledIO& s, A a) { return of_bytes(s.readline(size_of(a[0]))); }},
      {"readlines", [](SpooledIO& s, A a) { return of_list(s.readlines(size_of(a[0])), of_line); }},
      {"next",
       [](SpooledIO& s, A) {
         const LineIterator line = s.begin();
         return line == s.end() ? none() : of_bytes(*line);
       }},
      {"write", [](SpooledIO& s, A a) { return of_int(s.write(a[0].bytes())); }},
      {"writelines", [](SpooledIO& s, A a) { return s.writelines(strings_of(a[0])), none(); }},
      {"seek",
       [](SpooledIO& s, A a) {
         return of_int(s.seek(a[0].integer(), static_cast<Whence>(a[1].integer<int>())));
       }},
      {"tell", [](SpooledIO& s, A) { return of_int(s.tell()); }},
      {"truncate", [](SpooledIO& s, A a) { return s.truncate(optional_size_of(a[0])), none(); }},
      {"flush", [](SpooledIO& s, A) { return s.flush(), none(); }},
      {"close", [](SpooledIO& s, A) { return s.close(), none(); }},
      {"closed", [](SpooledIO& s, A) { return of_bool(s.closed()); }},
      {"rollover", [](SpooledIO& s, A) { return s.rollover(), none(); }},
      {"rolled", [](SpooledIO& s, A) { return of_bool(s.rolled()); }},
      {"value", [](SpooledIO& s, A) { return of_bytes(s.getvalue()); }},
  };
  return table;
}

TEST(Golden, SpooledIOAnswersAsPython) {
  SpooledIO stream;
  replay("spooled_io", {}, [&](std::string_view method, const Arguments& arguments) {
    return dispatch(calls(), method, stream, arguments);
  });
}

}  // namespace
}  // namespace quire::test::golden
