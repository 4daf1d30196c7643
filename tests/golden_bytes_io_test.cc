// BytesIO answers as python3's does, call after call.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "support/golden.h"

namespace quire::test::golden {
namespace {

/// A stream and the view that may pin it.
struct Subject {
  BytesIO stream;
  std::optional<MutableMemoryView> view;
};

std::string of_line(const Bytes& line) {
  return of_bytes(line);
}

const Table<Subject>& calls() {
  using A = const Arguments&;
  static const Table<Subject> table = {
      {"new",
       [](Subject& s, A a) {
         s.view.reset();
         s.stream = BytesIO(Bytes(a[0].bytes()));
         return none();
       }},
      {"read", [](Subject& s, A a) { return of_bytes(s.stream.read(size_of(a[0]))); }},
      {"read1", [](Subject& s, A a) { return of_bytes(s.stream.read1(size_of(a[0]))); }},
      {"readline", [](Subject& s, A a) { return of_bytes(s.stream.readline(size_of(a[0]))); }},
      {"readlines",
       [](Subject& s, A a) { return of_list(s.stream.readlines(size_of(a[0])), of_line); }},
      {"next",
       [](Subject& s, A) {
         const LineIterator line = s.stream.begin();
         return line == s.stream.end() ? none() : of_bytes(*line);
       }},
      {"readinto",
       [](Subject& s, A a) {
         std::string target(a[0].integer<std::size_t>(), '.');
         const std::size_t count = s.stream.readinto(target);
         return "[" + of_int(count) + "," + of_bytes(target) + "]";
       }},
      {"write", [](Subject& s, A a) { return of_int(s.stream.write(a[0].bytes())); }},
      {"writelines", [](Subject& s, A a) { return s.stream.writelines(strings_of(a[0])), none(); }},
      {"seek",
       [](Subject& s, A a) {
         return of_int(s.stream.seek(a[0].integer(), static_cast<Whence>(a[1].integer<int>())));
       }},
      {"tell", [](Subject& s, A) { return of_int(s.stream.tell()); }},
      {"truncate",
       [](Subject& s, A a) { return of_int(s.stream.truncate(optional_size_of(a[0]))); }},
      {"getvalue", [](Subject& s, A) { return of_bytes(s.stream.getvalue()); }},
      {"flush", [](Subject& s, A) { return s.stream.flush(), none(); }},
      {"close", [](Subject& s, A) { return s.stream.close(), none(); }},
      {"closed", [](Subject& s, A) { return of_bool(s.stream.closed()); }},
      {"isatty", [](Subject& s, A) { return of_bool(s.stream.isatty()); }},
      {"readable", [](Subject& s, A) { return of_bool(s.stream.readable()); }},
      {"writable", [](Subject& s, A) { return of_bool(s.stream.writable()); }},
      {"seekable", [](Subject& s, A) { return of_bool(s.stream.seekable()); }},
      {"fileno", [](Subject& s, A) { return of_int(s.stream.fileno()); }},
      {"getbuffer",
       [](Subject& s, A) {
         if (!s.view) s.view = s.stream.getbuffer();
         return none();
       }},
      {"view_set", [](Subject& s, A a) { return (*s.view)[a[0].integer()] = a[1].byte(), none(); }},
      {"view_bytes", [](Subject& s, A) { return of_bytes(s.view->tobytes()); }},
      {"view_release", [](Subject& s, A) { return s.view.reset(), none(); }},
  };
  return table;
}

TEST(Golden, BytesIOAnswersAsPython) {
  Subject subject;
  replay("bytes_io",
         {{"write-in-place-under-view", "value",
           "a write that needs no resize is allowed while a view lives"},
          {"truncate-nothing-under-view", "value",
           "a truncate that cuts nothing is allowed while a view lives"},
          {"close-under-view", "n", "close() succeeds and leaves the view on the memory"}},
         [&](std::string_view method, const Arguments& arguments) {
           return dispatch(calls(), method, subject, arguments);
         });
}

}  // namespace
}  // namespace quire::test::golden
