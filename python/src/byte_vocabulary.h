// What bytes can do, as methods of a Python type: find ... endswith, split ... removesuffix,
// replace ... decode. quire.Bytes and quire.ByteView have them in common.
//
// A type brings (see bytes.cc, byte_view.cc):
//
//   state(self)                    the module's
//   class Hold                     its bytes, safe to read without the GIL while the Hold lives:
//                                  acquire(self), which sets an exception when it returns false
//   piece(self, Range)             a part that shares memory; new reference or null
//
// New bytes are quire.Bytes for both.
//
// Arguments are read first and the object's own bytes last: reading arguments runs Python code,
// which may release a view.
//
// Lifetime: pieces keep the memory alive. Thread: searches of a megabyte and more let go of the GIL.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "byte_arguments.h"
#include "bytes.h"
#include "errors.h"
#include "module_state.h"
#include "python_api.h"
#include "quire/bytes.h"
#include "quire/detail/bytes_algorithms.h"
#include "without_lock.h"

namespace quire::python {

namespace algo = detail::algo;

/// Lets other threads run while `size` bytes are worked on, if that takes long enough to matter.
class Unlocked {
 public:
  explicit Unlocked(std::size_t size) {
    if (size >= kLeast) without_lock_.emplace();
  }

 private:
  static constexpr std::size_t kLeast = std::size_t{1} << 20;

  std::optional<WithoutLock> without_lock_;
};

template <class Type>
struct ByteVocabulary {
  using Hold = typename Type::Hold;
  using Arguments = PyObject* const*;

  // --- searching ---------------------------------------------------------------------------------

  using Search = std::size_t (*)(ByteSpan, ByteSpan, SliceBound, SliceBound) noexcept;

  /// False: an exception is set.
  static bool search(const char* name, Search function, PyObject* self, Arguments arguments,
                     Py_ssize_t count, std::size_t* result) {
    NeedleArgument needle;
    SliceBound start = std::nullopt;
    SliceBound stop = std::nullopt;
    Hold text;
    if (!check_count(name, count, 1, 3) || !needle.acquire(arguments[0]) ||
        !read_bounds(arguments + 1, count - 1, &start, &stop) || !text.acquire(self)) {
      return false;
    }
    const Unlocked unlocked(text.span().size());
    *result = function(text.span(), needle.span(), start, stop);
    return true;
  }

  static PyObject* find_with(const char* name, Search function, PyObject* self, Arguments arguments,
                             Py_ssize_t count) {
    std::size_t at = 0;
    if (!search(name, function, self, arguments, count, &at)) return nullptr;
    return PyLong_FromSsize_t(static_cast<Py_ssize_t>(at));  // npos is -1
  }

  static PyObject* index_with(const char* name, Search function, PyObject* self,
                              Arguments arguments, Py_ssize_t count) {
    std::size_t at = 0;
    if (!search(name, function, self, arguments, count, &at)) return nullptr;
    if (at == npos) {
      PyErr_SetString(PyExc_ValueError, "subsection not found");
      return nullptr;
    }
    return PyLong_FromSize_t(at);
  }

  static PyObject* find(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return find_with("find", algo::find, self, arguments, count);
  }

  static PyObject* rfind(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return find_with("rfind", algo::rfind, self, arguments, count);
  }

  static PyObject* index(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return index_with("index", algo::find, self, arguments, count);
  }

  static PyObject* rindex(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return index_with("rindex", algo::rfind, self, arguments, count);
  }

  static PyObject* count(PyObject* self, Arguments arguments, Py_ssize_t count) {
    std::size_t result = 0;
    if (!search("count", algo::count, self, arguments, count, &result)) return nullptr;
    return PyLong_FromSize_t(result);
  }

  /// `x in self`: 1, 0, or -1 with an exception set.
  static int contains(PyObject* self, PyObject* item) {
    NeedleArgument needle;
    Hold text;
    if (PyIndex_Check(item) || PyObject_CheckBuffer(item)) {
      if (!needle.acquire(item) || !text.acquire(self)) return -1;
      const Unlocked unlocked(text.span().size());
      return algo::find(text.span(), needle.span()) != npos ? 1 : 0;
    }
    raise_type("a bytes-like object is required, not '%U'", item);
    return -1;
  }

  using Match = bool (*)(ByteSpan, ByteSpan, SliceBound, SliceBound) noexcept;

  /// 1, 0, or -1 with an exception set.
  static int match_one(Match function, PyObject* self, PyObject* affix, SliceBound start,
                       SliceBound stop) {
    ByteArgument bytes;
    Hold text;
    if (!bytes.acquire(affix) || !text.acquire(self)) return -1;
    return function(text.span(), bytes.span(), start, stop) ? 1 : 0;
  }

  static PyObject* match(const char* name, Match function, PyObject* self, Arguments arguments,
                         Py_ssize_t count) {
    SliceBound start = std::nullopt;
    SliceBound stop = std::nullopt;
    if (!check_count(name, count, 1, 3) || !read_bounds(arguments + 1, count - 1, &start, &stop)) {
      return nullptr;
    }
    PyObject* const affix = arguments[0];
    int matches = 0;
    if (PyTuple_Check(affix)) {
      for (Py_ssize_t i = 0; i < PyTuple_Size(affix) && matches == 0; ++i) {
        matches = match_one(function, self, PyTuple_GetItem(affix, i), start, stop);
      }
    } else if (PyObject_CheckBuffer(affix)) {
      matches = match_one(function, self, affix, start, stop);
    } else {
      const Reference type = type_name(affix);
      if (type) {
        PyErr_Format(PyExc_TypeError, "%s first arg must be bytes or a tuple of bytes, not %U",
                     name, type.get());
      }
      matches = -1;
    }
    return matches < 0 ? nullptr : PyBool_FromLong(matches);
  }

  static PyObject* startswith(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return match("startswith", algo::startswith, self, arguments, count);
  }

  static PyObject* endswith(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return match("endswith", algo::endswith, self, arguments, count);
  }

  // --- parts -------------------------------------------------------------------------------------

  template <class Parts>
  static PyObject* pieces(PyObject* self, PyObject* result, const Parts& parts,
                          int (*put)(PyObject*, Py_ssize_t, PyObject*)) {
    if (result == nullptr) return nullptr;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      PyObject* const part = Type::piece(self, parts[i]);
      if (part == nullptr || put(result, static_cast<Py_ssize_t>(i), part) < 0) {
        Py_DECREF(result);
        return nullptr;
      }
    }
    return result;
  }

  static PyObject* list_of(PyObject* self, const std::vector<detail::Range>& parts) {
    return pieces(self, PyList_New(static_cast<Py_ssize_t>(parts.size())), parts, PyList_SetItem);
  }

  using Split = std::vector<detail::Range> (*)(ByteSpan, std::optional<ByteSpan>, std::ptrdiff_t);

  static PyObject* split_with(const char* name, Split function, PyObject* self, Arguments arguments,
                              Py_ssize_t count, PyObject* keywords) {
    static constexpr const char* kNames[] = {"sep", "maxsplit"};
    PyObject* sorted[2];
    ByteArgument separator;
    Py_ssize_t most = -1;
    Hold text;
    if (!sort_arguments({name, kNames, 2, 0, 0}, arguments, count, keywords, sorted)) {
      return nullptr;
    }
    const bool whitespace = sorted[0] == nullptr || sorted[0] == Py_None;
    if ((sorted[1] != nullptr && !read_size(sorted[1], &most)) ||
        (!whitespace && !separator.acquire(sorted[0])) || !text.acquire(self)) {
      return nullptr;
    }
    if (!whitespace && separator.span().empty()) {
      PyErr_SetString(PyExc_ValueError, "empty separator");
      return nullptr;
    }
    return guarded([&] {
      return list_of(
          self,
          function(text.span(), whitespace ? std::nullopt : std::optional(separator.span()), most));
    });
  }

  static PyObject* split(PyObject* self, Arguments arguments, Py_ssize_t count,
                         PyObject* keywords) {
    return split_with("split", algo::split, self, arguments, count, keywords);
  }

  static PyObject* rsplit(PyObject* self, Arguments arguments, Py_ssize_t count,
                          PyObject* keywords) {
    return split_with("rsplit", algo::rsplit, self, arguments, count, keywords);
  }

  static PyObject* splitlines(PyObject* self, Arguments arguments, Py_ssize_t count,
                              PyObject* keywords) {
    static constexpr const char* kNames[] = {"keepends"};
    PyObject* sorted[1];
    Hold text;
    if (!sort_arguments({"splitlines", kNames, 1, 0, 0}, arguments, count, keywords, sorted)) {
      return nullptr;
    }
    const int keep = sorted[0] == nullptr ? 0 : PyObject_IsTrue(sorted[0]);
    if (keep < 0 || !text.acquire(self)) return nullptr;
    return guarded([&] { return list_of(self, algo::splitlines(text.span(), keep != 0)); });
  }

  using Partition = std::array<detail::Range, 3> (*)(ByteSpan, ByteSpan);

  static PyObject* partition_with(Partition function, PyObject* self, PyObject* argument) {
    ByteArgument separator;
    Hold text;
    if (!separator.acquire(argument) || !text.acquire(self)) return nullptr;
    if (separator.span().empty()) {
      PyErr_SetString(PyExc_ValueError, "empty separator");
      return nullptr;
    }
    return guarded([&] {
      return pieces(self, PyTuple_New(3), function(text.span(), separator.span()), PyTuple_SetItem);
    });
  }

  static PyObject* partition(PyObject* self, PyObject* separator) {
    return partition_with(algo::partition, self, separator);
  }

  static PyObject* rpartition(PyObject* self, PyObject* separator) {
    return partition_with(algo::rpartition, self, separator);
  }

  using Trim = detail::Range (*)(ByteSpan, ByteSpan) noexcept;

  static PyObject* strip_with(const char* name, Trim function, PyObject* self, Arguments arguments,
                              Py_ssize_t count) {
    ByteArgument set;
    Hold text;
    if (!check_count(name, count, 0, 1)) return nullptr;
    const bool whitespace = count == 0 || arguments[0] == Py_None;
    if ((!whitespace && !set.acquire(arguments[0])) || !text.acquire(self)) return nullptr;
    return Type::piece(self, function(text.span(), whitespace ? algo::whitespace() : set.span()));
  }

  static PyObject* strip(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return strip_with("strip", algo::strip, self, arguments, count);
  }

  static PyObject* lstrip(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return strip_with("lstrip", algo::lstrip, self, arguments, count);
  }

  static PyObject* rstrip(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return strip_with("rstrip", algo::rstrip, self, arguments, count);
  }

  static PyObject* remove_with(Trim function, PyObject* self, PyObject* affix) {
    ByteArgument bytes;
    Hold text;
    if (!bytes.acquire(affix) || !text.acquire(self)) return nullptr;
    return Type::piece(self, function(text.span(), bytes.span()));
  }

  static PyObject* removeprefix(PyObject* self, PyObject* prefix) {
    return remove_with(algo::removeprefix, self, prefix);
  }

  static PyObject* removesuffix(PyObject* self, PyObject* suffix) {
    return remove_with(algo::removesuffix, self, suffix);
  }

  // --- new bytes ---------------------------------------------------------------------------------

  static PyObject* made(PyObject* self, Bytes bytes) {
    return wrap_bytes(Type::state(self), std::move(bytes));
  }

  static PyObject* made_by(Bytes (*function)(ByteSpan), PyObject* self) {
    Hold text;
    if (!text.acquire(self)) return nullptr;
    return guarded([&] { return made(self, function(text.span())); });
  }

  static PyObject* upper(PyObject* self, PyObject*) { return made_by(algo::upper, self); }

  static PyObject* lower(PyObject* self, PyObject*) { return made_by(algo::lower, self); }

  static PyObject* swapcase(PyObject* self, PyObject*) { return made_by(algo::swapcase, self); }

  static PyObject* title(PyObject* self, PyObject*) { return made_by(algo::title, self); }

  static PyObject* capitalize(PyObject* self, PyObject*) { return made_by(algo::capitalize, self); }

  static PyObject* replace(PyObject* self, Arguments arguments, Py_ssize_t count) {
    ByteArgument before;
    ByteArgument after;
    Py_ssize_t most = -1;
    Hold text;
    if (!check_count("replace", count, 2, 3) || !before.acquire(arguments[0]) ||
        !after.acquire(arguments[1]) || (count == 3 && !read_size(arguments[2], &most)) ||
        !text.acquire(self)) {
      return nullptr;
    }
    return guarded(
        [&] { return made(self, algo::replace(text.span(), before.span(), after.span(), most)); });
  }

  static PyObject* join(PyObject* self, PyObject* iterable) {
    const Reference items(PySequence_Tuple(iterable));
    if (!items) {
      if (PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_SetString(PyExc_TypeError, "can only join an iterable");
      }
      return nullptr;
    }
    return guarded([&] { return join_items(self, items.get()); });
  }

  static PyObject* join_items(PyObject* self, PyObject* items) {
    const Py_ssize_t count = PyTuple_Size(items);
    std::vector<ByteArgument> held(static_cast<std::size_t>(count));
    std::vector<ByteSpan> spans;
    spans.reserve(held.size());
    for (Py_ssize_t i = 0; i < count; ++i) {
      PyObject* const item = PyTuple_GetItem(items, i);
      ByteArgument& argument = held[static_cast<std::size_t>(i)];
      if (!argument.acquire(item)) {
        if (PyErr_ExceptionMatches(PyExc_TypeError)) {
          PyErr_Clear();
          const Reference type = type_name(item);
          if (!type) return nullptr;
          PyErr_Format(PyExc_TypeError, "sequence item %zd: expected a bytes-like object, %U found",
                       i, type.get());
        }
        return nullptr;
      }
      spans.push_back(argument.span());
    }
    Hold separator;
    if (!separator.acquire(self)) return nullptr;
    return made(self, algo::join(separator.span(), spans));
  }

  static PyObject* translate(PyObject* self, Arguments arguments, Py_ssize_t count,
                             PyObject* keywords) {
    static constexpr const char* kNames[] = {"table", "delete"};
    PyObject* sorted[2];
    ByteArgument table;
    ByteArgument removed;
    Hold text;
    if (!sort_arguments({"translate", kNames, 2, 1, 1}, arguments, count, keywords, sorted)) {
      return nullptr;
    }
    const bool same = sorted[0] == Py_None;
    if (!same && !table.acquire(sorted[0])) return nullptr;
    if (!same && table.span().size() != 256) {
      PyErr_SetString(PyExc_ValueError, "translation table must be 256 characters long");
      return nullptr;
    }
    if ((sorted[1] != nullptr && !removed.acquire(sorted[1])) || !text.acquire(self)) {
      return nullptr;
    }
    return guarded([&] {
      return made(self,
                  algo::translate(text.span(), same ? std::nullopt : std::optional(table.span()),
                                  removed.span()));
    });
  }

  using Fill = Bytes (*)(ByteSpan, std::ptrdiff_t, ByteSpan);

  static PyObject* fill_with(const char* name, Fill function, PyObject* self, Arguments arguments,
                             Py_ssize_t count) {
    Py_ssize_t width = 0;
    std::byte fill{' '};
    Hold text;
    if (!check_count(name, count, 1, 2) || !read_size(arguments[0], &width) ||
        (count == 2 && !read_fill(name, arguments[1], &fill)) || !text.acquire(self)) {
      return nullptr;
    }
    return guarded([&] { return made(self, function(text.span(), width, ByteSpan(&fill, 1))); });
  }

  static PyObject* center(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return fill_with("center", algo::center, self, arguments, count);
  }

  static PyObject* ljust(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return fill_with("ljust", algo::ljust, self, arguments, count);
  }

  static PyObject* rjust(PyObject* self, Arguments arguments, Py_ssize_t count) {
    return fill_with("rjust", algo::rjust, self, arguments, count);
  }

  static PyObject* zfill(PyObject* self, PyObject* argument) {
    Py_ssize_t width = 0;
    Hold text;
    if (!read_size(argument, &width) || !text.acquire(self)) return nullptr;
    return guarded([&] { return made(self, algo::zfill(text.span(), width)); });
  }

  static PyObject* expandtabs(PyObject* self, Arguments arguments, Py_ssize_t count,
                              PyObject* keywords) {
    static constexpr const char* kNames[] = {"tabsize"};
    PyObject* sorted[1];
    Py_ssize_t size = 8;
    Hold text;
    if (!sort_arguments({"expandtabs", kNames, 1, 0, 0}, arguments, count, keywords, sorted) ||
        (sorted[0] != nullptr && !read_size(sorted[0], &size)) || !text.acquire(self)) {
      return nullptr;
    }
    return guarded([&] { return made(self, algo::expandtabs(text.span(), size)); });
  }

  // --- questions ---------------------------------------------------------------------------------

  static PyObject* answer(bool (*function)(ByteSpan) noexcept, PyObject* self) {
    Hold text;
    if (!text.acquire(self)) return nullptr;
    return PyBool_FromLong(function(text.span()) ? 1 : 0);
  }

  static PyObject* isalnum(PyObject* self, PyObject*) { return answer(algo::isalnum, self); }

  static PyObject* isalpha(PyObject* self, PyObject*) { return answer(algo::isalpha, self); }

  static PyObject* isascii(PyObject* self, PyObject*) { return answer(algo::isascii, self); }

  static PyObject* isdigit(PyObject* self, PyObject*) { return answer(algo::isdigit, self); }

  static PyObject* islower(PyObject* self, PyObject*) { return answer(algo::islower, self); }

  static PyObject* isspace(PyObject* self, PyObject*) { return answer(algo::isspace, self); }

  static PyObject* istitle(PyObject* self, PyObject*) { return answer(algo::istitle, self); }

  static PyObject* isupper(PyObject* self, PyObject*) { return answer(algo::isupper, self); }

  // --- as text -----------------------------------------------------------------------------------

  static PyObject* decode(PyObject* self, Arguments arguments, Py_ssize_t count,
                          PyObject* keywords) {
    static constexpr const char* kNames[] = {"encoding", "errors"};
    PyObject* sorted[2];
    const char* texts[2] = {nullptr, nullptr};
    if (!sort_arguments({"decode", kNames, 2, 0, 0}, arguments, count, keywords, sorted)) {
      return nullptr;
    }
    for (int i = 0; i < 2; ++i) {
      if (sorted[i] == nullptr) continue;
      texts[i] = read_name("decode", kNames[i], sorted[i]);
      if (texts[i] == nullptr) return nullptr;
    }
    Hold text;  // whose error would be hidden otherwise
    return text.acquire(self) ? PyUnicode_FromEncodedObject(self, texts[0], texts[1]) : nullptr;
  }

  static PyObject* hex(PyObject* self, Arguments arguments, Py_ssize_t count, PyObject* keywords) {
    static constexpr const char* kNames[] = {"sep", "bytes_per_sep"};
    PyObject* sorted[2];
    char separator = 0;
    Py_ssize_t group = 1;
    Hold text;
    if (!sort_arguments({"hex", kNames, 2, 0, 0}, arguments, count, keywords, sorted) ||
        (sorted[1] != nullptr && !read_size(sorted[1], &group)) ||
        (sorted[0] != nullptr && !read_separator(sorted[0], &separator)) || !text.acquire(self)) {
      return nullptr;
    }
    return guarded([&] {
      const std::string digits = sorted[0] == nullptr || group == 0
                                     ? algo::hex(text.span())
                                     : algo::hex(text.span(), {&separator, 1}, group);
      return PyUnicode_FromStringAndSize(digits.data(), static_cast<Py_ssize_t>(digits.size()));
    });
  }
};

}  // namespace quire::python
