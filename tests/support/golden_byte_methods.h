// What python3 was asked about bytes and bytearray alike: calls that change nothing.
//
// Lifetime: nothing is kept. Thread: one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "quire/byte_span.h"
#include "support/golden.h"

namespace quire::test::golden {

template <class T>
std::string of_parts(const T& parts) {
  return of_list(parts, [](const auto& part) { return of_bytes(part); });
}

/// The first argument of each call is the object.
template <class T>
const Table<const T>& questions() {
  using A = const Arguments&;
  static const Table<const T> table = {
      {"find", [](const T& b,
                  A a) { return of_offset(b.find(a[1].bytes(), bound_at(a, 2), bound_at(a, 3))); }},
      {"rfind",
       [](const T& b, A a) {
         return of_offset(b.rfind(a[1].bytes(), bound_at(a, 2), bound_at(a, 3)));
       }},
      {"index",
       [](const T& b, A a) {
         return of_offset(b.index(a[1].bytes(), bound_at(a, 2), bound_at(a, 3)));
       }},
      {"rindex",
       [](const T& b, A a) {
         return of_offset(b.rindex(a[1].bytes(), bound_at(a, 2), bound_at(a, 3)));
       }},
      {"count", [](const T& b,
                   A a) { return of_int(b.count(a[1].bytes(), bound_at(a, 2), bound_at(a, 3))); }},
      {"startswith",
       [](const T& b, A a) {
         return of_bool(b.startswith(a[1].bytes(), bound_at(a, 2), bound_at(a, 3)));
       }},
      {"endswith",
       [](const T& b, A a) {
         return of_bool(b.endswith(a[1].bytes(), bound_at(a, 2), bound_at(a, 3)));
       }},
      {"startswith2",
       [](const T& b, A a) {
         return of_bool(b.startswith({a[1].bytes(), a[2].bytes()}));
       }},
      {"endswith2",
       [](const T& b, A a) {
         return of_bool(b.endswith({a[1].bytes(), a[2].bytes()}));
       }},
      {"contains", [](const T& b, A a) { return of_bool(b.contains(a[1].bytes())); }},
      {"partition", [](const T& b, A a) { return of_parts(b.partition(a[1].bytes())); }},
      {"rpartition", [](const T& b, A a) { return of_parts(b.rpartition(a[1].bytes())); }},
      {"removeprefix", [](const T& b, A a) { return of_bytes(b.removeprefix(a[1].bytes())); }},
      {"removesuffix", [](const T& b, A a) { return of_bytes(b.removesuffix(a[1].bytes())); }},
      {"strip",
       [](const T& b, A a) { return of_bytes(a.size() > 1 ? b.strip(a[1].bytes()) : b.strip()); }},
      {"lstrip", [](const T& b,
                    A a) { return of_bytes(a.size() > 1 ? b.lstrip(a[1].bytes()) : b.lstrip()); }},
      {"rstrip", [](const T& b,
                    A a) { return of_bytes(a.size() > 1 ? b.rstrip(a[1].bytes()) : b.rstrip()); }},
      {"split",
       [](const T& b, A a) {
         if (a.size() == 1) return of_parts(b.split());
         if (a[1].is_none()) return of_parts(b.split(std::nullopt, a[2].integer()));
         return of_parts(b.split(a[1].bytes(), a[2].integer()));
       }},
      {"rsplit",
       [](const T& b, A a) {
         if (a.size() == 1) return of_parts(b.rsplit());
         if (a[1].is_none()) return of_parts(b.rsplit(std::nullopt, a[2].integer()));
         return of_parts(b.rsplit(a[1].bytes(), a[2].integer()));
       }},
      {"splitlines", [](const T& b, A a) { return of_parts(b.splitlines(a.size() > 1)); }},
      {"replace",
       [](const T& b, A a) {
         return of_bytes(b.replace(a[1].bytes(), a[2].bytes(), a[3].integer()));
       }},
      {"join", [](const T& b, A a) { return of_bytes(b.join(strings_of(a[1]))); }},
      {"add", [](const T& b, A a) { return of_bytes(b + a[1].bytes()); }},
      {"mul", [](const T& b, A a) { return of_bytes(b * a[1].integer()); }},
      {"eq", [](const T& b, A a) { return of_bool(b == a[1].bytes()); }},
      {"lt", [](const T& b, A a) { return of_bool(b < a[1].bytes()); }},
      {"le", [](const T& b, A a) { return of_bool(b <= a[1].bytes()); }},
      {"getitem", [](const T& b, A a) { return of_byte(b[a[1].integer()]); }},
      {"slice", [](const T& b, A a) { return of_bytes(b.slice(a[1].bound(), a[2].bound())); }},
      {"slice3", [](const T& b,
                    A a) { return of_bytes(b.slice(a[1].bound(), a[2].bound(), a[3].integer())); }},
      {"upper", [](const T& b, A) { return of_bytes(b.upper()); }},
      {"lower", [](const T& b, A) { return of_bytes(b.lower()); }},
      {"swapcase", [](const T& b, A) { return of_bytes(b.swapcase()); }},
      {"title", [](const T& b, A) { return of_bytes(b.title()); }},
      {"capitalize", [](const T& b, A) { return of_bytes(b.capitalize()); }},
      {"isalnum", [](const T& b, A) { return of_bool(b.isalnum()); }},
      {"isalpha", [](const T& b, A) { return of_bool(b.isalpha()); }},
      {"isascii", [](const T& b, A) { return of_bool(b.isascii()); }},
      {"isdigit", [](const T& b, A) { return of_bool(b.isdigit()); }},
      {"islower", [](const T& b, A) { return of_bool(b.islower()); }},
      {"isspace", [](const T& b, A) { return of_bool(b.isspace()); }},
      {"istitle", [](const T& b, A) { return of_bool(b.istitle()); }},
      {"isupper", [](const T& b, A) { return of_bool(b.isupper()); }},
      {"hex",
       [](const T& b, A a) {
         if (a.size() == 1) return of_text(b.hex());
         return of_text(a.size() == 2 ? b.hex(a[1].bytes()) : b.hex(a[1].bytes(), a[2].integer()));
       }},
      {"expandtabs",
       [](const T& b, A a) {
         return of_bytes(a.size() > 1 ? b.expandtabs(a[1].integer()) : b.expandtabs());
       }},
      {"zfill", [](const T& b, A a) { return of_bytes(b.zfill(a[1].integer())); }},
      {"center",
       [](const T& b, A a) {
         return of_bytes(a.size() > 2 ? b.center(a[1].integer(), a[2].bytes())
                                      : b.center(a[1].integer()));
       }},
      {"ljust",
       [](const T& b, A a) {
         return of_bytes(a.size() > 2 ? b.ljust(a[1].integer(), a[2].bytes())
                                      : b.ljust(a[1].integer()));
       }},
      {"rjust",
       [](const T& b, A a) {
         return of_bytes(a.size() > 2 ? b.rjust(a[1].integer(), a[2].bytes())
                                      : b.rjust(a[1].integer()));
       }},
      {"translate",
       [](const T& b, A a) {
         const std::string removed = a[2].bytes();
         if (a[1].is_none()) return of_bytes(b.translate(std::nullopt, removed));
         return of_bytes(b.translate(a[1].bytes(), removed));
       }},
      {"maketrans", [](const T& b, A a) { return of_bytes(T::maketrans(b, a[1].bytes())); }},
      {"decode", [](const T& b, A a) { return of_text(b.decode(a[1].bytes(), a[2].bytes())); }},
      {"repr", [](const T& b, A) { return of_text(b.repr()); }},
      {"len", [](const T& b, A) { return of_int(b.size()); }},
  };
  return table;
}

template <class T>
std::string ask(std::string_view method, const Arguments& arguments) {
  if (method == "fromhex") return of_bytes(T::fromhex(arguments[0].bytes()));
  const T object{ByteSpan(arguments[0].bytes())};
  return dispatch(questions<T>(), method, object, arguments);
}

}  // namespace quire::test::golden
