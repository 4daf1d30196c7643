// ByteArray answers as python3's bytearray does, call after call, with and without a view on it.
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "quire/byte_array.h"
#include "quire/memory_view.h"
#include "support/golden.h"
#include "support/golden_byte_methods.h"

namespace quire::test::golden {
namespace {

/// A ByteArray that is changed call by call, and the view that may pin it.
struct Changing {
  ByteArray array;
  std::optional<MutableMemoryView> view;
};

template <auto Method>
std::string done(Changing& c, const Arguments&) {
  (c.array.*Method)();
  return none();
}

const Table<Changing>& changes() {
  using A = const Arguments&;
  static const Table<Changing> table = {
      {"new",
       [](Changing& c, A a) {
         c.view.reset();
         c.array = ByteArray(a[0].bytes());
         return none();
       }},
      {"export", [](Changing& c, A) { return c.view.emplace(c.array), none(); }},
      {"release", [](Changing& c, A) { return c.view->release(), none(); }},
      {"value", [](Changing& c, A) { return of_bytes(c.array); }},
      {"append", [](Changing& c, A a) { return c.array.append(a[0].byte()), none(); }},
      {"extend", [](Changing& c, A a) { return c.array.extend(a[0].bytes()), none(); }},
      {"insert",
       [](Changing& c, A a) { return c.array.insert(a[0].bound(), a[1].byte()), none(); }},
      {"pop", [](Changing& c,
                 A a) { return of_byte(a.empty() ? c.array.pop() : c.array.pop(a[0].integer())); }},
      {"remove", [](Changing& c, A a) { return c.array.remove(a[0].byte()), none(); }},
      {"reverse", done<&ByteArray::reverse>},
      {"clear", done<&ByteArray::clear>},
      {"setitem", [](Changing& c, A a) { return c.array[a[0].integer()] = a[1].byte(), none(); }},
      {"iadd", [](Changing& c, A a) { return c.array += a[0].bytes(), none(); }},
      {"imul", [](Changing& c, A a) { return c.array *= a[0].integer(), none(); }},
      {"setslice",
       [](Changing& c, A a) {
         return c.array.assign_slice(a[0].bound(), a[1].bound(), a[2].bytes()), none();
       }},
      {"setslice3",
       [](Changing& c, A a) {
         return c.array.assign_slice(a[0].bound(), a[1].bound(), a[2].integer(), a[3].bytes()),
                none();
       }},
      {"delitem", [](Changing& c, A a) { return c.array.erase(a[0].integer()), none(); }},
      {"delslice",
       [](Changing& c, A a) { return c.array.erase_slice(a[0].bound(), a[1].bound()), none(); }},
      {"delslice3",
       [](Changing& c, A a) {
         return c.array.erase_slice(a[0].bound(), a[1].bound(), a[2].integer()), none();
       }},
  };
  return table;
}

TEST(Golden, ByteArrayAnswersAsPython) {
  Changing changing;
  replay("bytearray",
         {{"repeat-too-long", "!OverflowError",
           "a size that no memory can hold is std::length_error, as for bytes in Python"},
          {"no-resize-under-view", "value",
           "a view refuses what changes the size; Python's refuses some that do not"}},
         [&](std::string_view method, const Arguments& arguments) {
           if (method == "zeros") return of_bytes(ByteArray(arguments[0].integer()));
           if (changes().contains(method)) return dispatch(changes(), method, changing, arguments);
           return ask<ByteArray>(method, arguments);
         });
}

}  // namespace
}  // namespace quire::test::golden
