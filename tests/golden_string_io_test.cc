// StringIO answers as python3's does, call after call, with every newline policy.
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "quire/string_io.h"
#include "support/golden.h"

namespace quire::test::golden {
namespace {

std::string of_line(std::string_view line) {
  return of_text(line);
}

/// Keeps the text of the argument as long as the caller needs the Newline.
Newline newline_of(const Argument& argument, std::string& text) {
  if (argument.is_none()) return std::nullopt;
  text = argument.bytes();
  return std::string_view(text);
}

const Table<StringIO>& calls() {
  using A = const Arguments&;
  static const Table<StringIO> table = {
      {"new",
       [](StringIO& s, A a) {
         std::string newline;
         s = StringIO(a[0].bytes(), newline_of(a[1], newline));
         return none();
       }},
      {"make",
       [](StringIO&, A a) {
         std::string newline;
         const StringIO made("", newline_of(a[0], newline));
         return none();
       }},
      {"read", [](StringIO& s, A a) { return of_text(s.read(size_of(a[0]))); }},
      {"readline", [](StringIO& s, A a) { return of_text(s.readline(size_of(a[0]))); }},
      {"readlines", [](StringIO& s, A a) { return of_list(s.readlines(size_of(a[0])), of_line); }},
      {"next",
       [](StringIO& s, A) {
         const TextLineIterator line = s.begin();
         return line == s.end() ? none() : of_text(*line);
       }},
      {"write", [](StringIO& s, A a) { return of_int(s.write(a[0].bytes())); }},
      {"writelines", [](StringIO& s, A a) { return s.writelines(strings_of(a[0])), none(); }},
      {"seek",
       [](StringIO& s, A a) {
         return of_int(s.seek(a[0].integer(), static_cast<Whence>(a[1].integer<int>())));
       }},
      {"tell", [](StringIO& s, A) { return of_int(s.tell()); }},
      {"truncate", [](StringIO& s, A a) { return of_int(s.truncate(optional_size_of(a[0]))); }},
      {"getvalue", [](StringIO& s, A) { return of_text(s.getvalue()); }},
      {"newlines", [](StringIO& s, A) { return of_list(s.newlines(), of_line); }},
      {"encoding", [](StringIO& s, A) { return s.encoding() ? of_text(*s.encoding()) : none(); }},
      {"line_buffering", [](StringIO& s, A) { return of_bool(s.line_buffering()); }},
      {"flush", [](StringIO& s, A) { return s.flush(), none(); }},
      {"close", [](StringIO& s, A) { return s.close(), none(); }},
      {"closed", [](StringIO& s, A) { return of_bool(s.closed()); }},
      {"isatty", [](StringIO& s, A) { return of_bool(s.isatty()); }},
      {"readable", [](StringIO& s, A) { return of_bool(s.readable()); }},
      {"writable", [](StringIO& s, A) { return of_bool(s.writable()); }},
      {"seekable", [](StringIO& s, A) { return of_bool(s.seekable()); }},
      {"fileno", [](StringIO& s, A) { return of_int(s.fileno()); }},
  };
  return table;
}

TEST(Golden, StringIOAnswersAsPython) {
  StringIO subject;
  replay("string_io",
         {{"relative-seek", "!UnsupportedOperation",
           "an OSError in Python, which here would need an error number"},
          {"flush-of-closed", "!ValueError",
           "every operation on a closed stream says so; Python's StringIO forgets it in flush()"},
          {"lone-surrogate", "!UnicodeDecodeError",
           "text is valid UTF-8, which has no half of a surrogate pair"}},
         [&](std::string_view method, const Arguments& arguments) {
           return dispatch(calls(), method, subject, arguments);
         });
}

}  // namespace
}  // namespace quire::test::golden
