// The method table of the bytes vocabulary, with its documentation.
//
// Lifetime: tables are static objects of the type's file. Thread: constant once made.
#pragma once

#include <array>
#include <cstddef>

#include "byte_vocabulary.h"
#include "python_api.h"

namespace quire::python {

/// `first`, then `second`, then the end mark.
template <std::size_t N, std::size_t M>
std::array<PyMethodDef, N + M + 1> joined(const std::array<PyMethodDef, N>& first,
                                          const std::array<PyMethodDef, M>& second) noexcept {
  std::array<PyMethodDef, N + M + 1> result{};
  for (std::size_t i = 0; i < N; ++i) result[i] = first[i];
  for (std::size_t i = 0; i < M; ++i) result[N + i] = second[i];
  return result;
}

template <class Type>
auto vocabulary_methods() noexcept {
  using V = ByteVocabulary<Type>;
  constexpr int kNone = METH_NOARGS;
  constexpr int kOne = METH_O;
  constexpr int kFast = METH_FASTCALL;
  constexpr int kNamed = METH_FASTCALL | METH_KEYWORDS;
  return std::to_array<PyMethodDef>({
      {"find", as_method(V::find), kFast,
       "find(sub[, start[, end]]) -> int\n\n"
       "Offset of the first sub in [start, end), or -1. sub is bytes-like, or an int for one "
       "byte.\n"
       "As fast as memchr and memmem; raises ValueError for an int that is no byte."},
      {"rfind", as_method(V::rfind), kFast,
       "rfind(sub[, start[, end]]) -> int\n\n"
       "Offset of the last sub in [start, end), or -1."},
      {"index", as_method(V::index), kFast,
       "index(sub[, start[, end]]) -> int\n\n"
       "As find(), but raises ValueError when there is no sub."},
      {"rindex", as_method(V::rindex), kFast,
       "rindex(sub[, start[, end]]) -> int\n\n"
       "As rfind(), but raises ValueError when there is no sub."},
      {"count", as_method(V::count), kFast,
       "count(sub[, start[, end]]) -> int\n\n"
       "Occurrences of sub in [start, end) that do not overlap."},
      {"startswith", as_method(V::startswith), kFast,
       "startswith(prefix[, start[, end]]) -> bool\n\n"
       "Whether [start, end) begins with prefix, or with one of a tuple of prefixes."},
      {"endswith", as_method(V::endswith), kFast,
       "endswith(suffix[, start[, end]]) -> bool\n\n"
       "Whether [start, end) ends with suffix, or with one of a tuple of suffixes."},
      {"split", as_method(V::split), kNamed,
       "split($self, /, sep=None, maxsplit=-1)\n--\n\n"
       "The parts between separators, or between runs of whitespace; at most maxsplit cuts.\n"
       "Parts share this object's memory: nothing is copied."},
      {"rsplit", as_method(V::rsplit), kNamed,
       "rsplit($self, /, sep=None, maxsplit=-1)\n--\n\n"
       "As split(), cutting from the end."},
      {"splitlines", as_method(V::splitlines), kNamed,
       "splitlines($self, /, keepends=False)\n--\n\n"
       "The lines, which end at \\n, \\r or \\r\\n. They share this object's memory."},
      {"partition", as_method(V::partition), kOne,
       "partition($self, sep, /)\n--\n\n"
       "(before, sep, after) of the first sep; (all, empty, empty) without one. Shares memory."},
      {"rpartition", as_method(V::rpartition), kOne,
       "rpartition($self, sep, /)\n--\n\n"
       "(before, sep, after) of the last sep; (empty, empty, all) without one. Shares memory."},
      {"strip", as_method(V::strip), kFast,
       "strip($self, bytes=None, /)\n--\n\n"
       "Without the given bytes, or whitespace, at both ends. Shares memory."},
      {"lstrip", as_method(V::lstrip), kFast,
       "lstrip($self, bytes=None, /)\n--\n\n"
       "Without the given bytes, or whitespace, at the beginning. Shares memory."},
      {"rstrip", as_method(V::rstrip), kFast,
       "rstrip($self, bytes=None, /)\n--\n\n"
       "Without the given bytes, or whitespace, at the end. Shares memory."},
      {"removeprefix", as_method(V::removeprefix), kOne,
       "removeprefix($self, prefix, /)\n--\n\n"
       "Without prefix, if it is there. Shares memory."},
      {"removesuffix", as_method(V::removesuffix), kOne,
       "removesuffix($self, suffix, /)\n--\n\n"
       "Without suffix, if it is there. Shares memory."},
      {"replace", as_method(V::replace), kFast,
       "replace($self, old, new, count=-1, /)\n--\n\n"
       "New quire.Bytes with at most count replacements; all when count is negative."},
      {"join", as_method(V::join), kOne,
       "join($self, iterable_of_bytes, /)\n--\n\n"
       "New quire.Bytes: the bytes-like items, with these bytes between them."},
      {"translate", as_method(V::translate), kNamed,
       "translate($self, table, /, delete=b'')\n--\n\n"
       "New quire.Bytes: each byte looked up in a table of 256 (None: unchanged), those in delete\n"
       "left out."},
      {"upper", as_method(V::upper), kNone,
       "upper($self, /)\n--\n\nNew quire.Bytes with ASCII letters in upper case."},
      {"lower", as_method(V::lower), kNone,
       "lower($self, /)\n--\n\nNew quire.Bytes with ASCII letters in lower case."},
      {"swapcase", as_method(V::swapcase), kNone,
       "swapcase($self, /)\n--\n\nNew quire.Bytes with the case of ASCII letters exchanged."},
      {"title", as_method(V::title), kNone,
       "title($self, /)\n--\n\nNew quire.Bytes with a capital at the beginning of each word."},
      {"capitalize", as_method(V::capitalize), kNone,
       "capitalize($self, /)\n--\n\nNew quire.Bytes: the first byte in upper case, others in "
       "lower."},
      {"center", as_method(V::center), kFast,
       "center($self, width, fillchar=b' ', /)\n--\n\nNew quire.Bytes, filled to width on both "
       "sides."},
      {"ljust", as_method(V::ljust), kFast,
       "ljust($self, width, fillchar=b' ', /)\n--\n\nNew quire.Bytes, filled to width at the end."},
      {"rjust", as_method(V::rjust), kFast,
       "rjust($self, width, fillchar=b' ', /)\n--\n\nNew quire.Bytes, filled to width at the "
       "front."},
      {"zfill", as_method(V::zfill), kOne,
       "zfill($self, width, /)\n--\n\nNew quire.Bytes, filled to width with zeros behind the "
       "sign."},
      {"expandtabs", as_method(V::expandtabs), kNamed,
       "expandtabs($self, /, tabsize=8)\n--\n\nNew quire.Bytes with spaces in place of tabs."},
      {"isalnum", as_method(V::isalnum), kNone,
       "isalnum($self, /)\n--\n\nAll ASCII letters and digits, and at least one."},
      {"isalpha", as_method(V::isalpha), kNone,
       "isalpha($self, /)\n--\n\nAll ASCII letters, and at least one."},
      {"isascii", as_method(V::isascii), kNone,
       "isascii($self, /)\n--\n\nAll below 128; true for none."},
      {"isdigit", as_method(V::isdigit), kNone,
       "isdigit($self, /)\n--\n\nAll ASCII digits, and at least one."},
      {"islower", as_method(V::islower), kNone,
       "islower($self, /)\n--\n\nAn ASCII letter in lower case, and none in upper case."},
      {"isspace", as_method(V::isspace), kNone,
       "isspace($self, /)\n--\n\nAll ASCII whitespace, and at least one."},
      {"istitle", as_method(V::istitle), kNone,
       "istitle($self, /)\n--\n\nA capital at the beginning of each word, and only there."},
      {"isupper", as_method(V::isupper), kNone,
       "isupper($self, /)\n--\n\nAn ASCII letter in upper case, and none in lower case."},
      {"decode", as_method(V::decode), kNamed,
       "decode($self, /, encoding='utf-8', errors='strict')\n--\n\n"
       "The text as str. Raises UnicodeDecodeError, LookupError for an unknown encoding."},
      {"hex", as_method(V::hex), kNamed,
       "hex($self, /, sep=..., bytes_per_sep=1)\n--\n\n"
       "Two hexadecimal digits a byte; sep between groups, counted from the end when "
       "bytes_per_sep\n"
       "is positive and from the beginning when it is negative."},
  });
}

}  // namespace quire::python
