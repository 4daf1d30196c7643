// MemoryView and MutableMemoryView answer as python3's memoryview does.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "quire/byte_array.h"
#include "quire/bytes.h"
#include "quire/memory_view.h"
#include "support/golden.h"
#include "support/item_types.h"

namespace quire::test::golden {
namespace {

using View = std::variant<MemoryView, MutableMemoryView>;

/// Bytes or a ByteArray, and a stack of views, each made from the one before.
struct Subject {
  Bytes bytes;
  ByteArray array;
  bool writable = false;
  std::vector<View> views;

  template <class F>
  auto ask(F&& question) {
    return std::visit(std::forward<F>(question), views.back());
  }

  template <class F>
  std::string push(F&& make) {
    View made = ask([&](const auto& view) -> View { return make(view); });
    views.push_back(std::move(made));
    return none();
  }

  /// What Python writes to; for a read-only view its TypeError is a method that C++ does not have.
  const MutableMemoryView& target() {
    if (auto* view = std::get_if<MutableMemoryView>(&views.back())) return *view;
    throw TypeError("cannot modify read-only memory");
  }
};

template <class T>
std::string of_item(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return of_bool(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return of_float(value);
  } else if constexpr (std::is_same_v<T, char>) {
    return of_bytes(ByteSpan(&value, 1));
  } else {
    return of_int(value);
  }
}

template <class Items>
std::string of_ints(const Items& items) {
  return of_list(items, [](auto item) { return of_int(item); });
}

template <class V, class T>
std::string item_at(const V& view, const Arguments& a, T) {
  switch (a.size()) {
    case 0:
      return of_item(view.template get<T>());
    case 1:
      return of_item(view.template get<T>(a[0].integer()));
    case 2:
      return of_item(view.template get<T>(a[0].integer(), a[1].integer()));
    default:
      return of_item(view.template get<T>(a[0].integer(), a[1].integer(), a[2].integer()));
  }
}

/// `set` takes an index and a value; the value may be of any kind.
std::string set_item(const MutableMemoryView& view, const Argument& index, const Argument& value) {
  switch (value.kind()) {
    case 't':
    case 'f':
      view.set(index.integer(), value.boolean());
      break;
    case 'd':
      view.set(index.integer(), value.number());
      break;
    default:
      try {
        (void)value.integer();
      } catch (const std::logic_error&) {
        return view.set(index.integer(), value.integer<std::uint64_t>()), none();
      }
      view.set(index.integer(), value.integer());
  }
  return none();
}

std::ptrdiff_t step_of(const Argument& step) {
  return step.is_none() ? 1 : step.integer();
}

std::vector<std::ptrdiff_t> shape_of(const Argument& list) {
  std::vector<std::ptrdiff_t> shape;
  for (const Argument& item : list.items()) shape.push_back(item.integer());
  return shape;
}

const Table<Subject>& calls() {
  using A = const Arguments&;
  static const Table<Subject> table = {
      {"new",
       [](Subject& s, A a) {
         s.views.clear();
         s.bytes = Bytes(a[0].bytes());
         s.array = ByteArray(a[0].bytes());
         s.writable = a[1].boolean();
         if (s.writable) {
           s.views.emplace_back(MutableMemoryView(s.array));
         } else {
           s.views.emplace_back(MemoryView(s.bytes));
         }
         return none();
       }},
      {"back", [](Subject& s, A) { return s.views.pop_back(), none(); }},
      {"base",
       [](Subject& s, A) { return of_bytes(s.writable ? s.array.span() : s.bytes.span()); }},
      {"len", [](Subject& s, A) { return s.ask([](const auto& v) { return of_int(v.size()); }); }},
      {"format",
       [](Subject& s, A) { return s.ask([](const auto& v) { return of_text(v.format()); }); }},
      {"itemsize",
       [](Subject& s, A) { return s.ask([](const auto& v) { return of_int(v.itemsize()); }); }},
      {"ndim", [](Subject& s, A) { return s.ask([](const auto& v) { return of_int(v.ndim()); }); }},
      {"shape",
       [](Subject& s, A) { return s.ask([](const auto& v) { return of_ints(v.shape()); }); }},
      {"strides",
       [](Subject& s, A) { return s.ask([](const auto& v) { return of_ints(v.strides()); }); }},
      {"suboffsets",
       [](Subject& s, A) { return s.ask([](const auto& v) { return of_ints(v.suboffsets()); }); }},
      {"nbytes",
       [](Subject& s, A) { return s.ask([](const auto& v) { return of_int(v.nbytes()); }); }},
      {"readonly",
       [](Subject& s, A) {
         return s.ask([](const auto& v) {
           (void)v.format();
           return of_bool(v.readonly());
         });
       }},
      {"c_contiguous",
       [](Subject& s, A) {
         return s.ask([](const auto& v) { return of_bool(v.c_contiguous()); });
       }},
      {"f_contiguous",
       [](Subject& s, A) {
         return s.ask([](const auto& v) { return of_bool(v.f_contiguous()); });
       }},
      {"contiguous",
       [](Subject& s, A) { return s.ask([](const auto& v) { return of_bool(v.contiguous()); }); }},
      {"slice",
       [](Subject& s, A a) {
         return s.push(
             [&](const auto& v) { return v.slice(a[0].bound(), a[1].bound(), step_of(a[2])); });
       }},
      {"cast",
       [](Subject& s, A a) { return s.push([&](const auto& v) { return v.cast(a[0].bytes()); }); }},
      {"reshape",
       [](Subject& s, A a) {
         return s.push([&](const auto& v) { return v.cast(a[0].bytes(), shape_of(a[1])); });
       }},
      {"toreadonly",
       [](Subject& s, A) { return s.push([](const auto& v) { return v.toreadonly(); }); }},
      {"release",
       [](Subject& s, A) {
         std::visit([](auto& v) { v.release(); }, s.views.back());
         return none();
       }},
      {"get",
       [](Subject& s, A a) {
         return s.ask([&](const auto& v) {
           return with_item_type(v.format().back(), [&](auto item) { return item_at(v, a, item); });
         });
       }},
      {"set", [](Subject& s, A a) { return set_item(s.target(), a[0], a[1]); }},
      {"assign",
       [](Subject& s, A a) {
         s.target().slice(a[0].bound(), a[1].bound(), step_of(a[2])).assign(ByteSpan(a[3].bytes()));
         return none();
       }},
      {"overlap",
       [](Subject& s, A a) {
         const MutableMemoryView& v = s.target();
         v.slice(a[0].bound(), a[1].bound(), step_of(a[2]))
             .assign(v.slice(a[3].bound(), a[4].bound(), step_of(a[5])));
         return none();
       }},
      {"tobytes",
       [](Subject& s, A) { return s.ask([](const auto& v) { return of_bytes(v.tobytes()); }); }},
      {"bytes",
       [](Subject& s, A) { return s.ask([](const auto& v) { return of_bytes(v.tobytes()); }); }},
      {"tobytes_order",
       [](Subject& s, A a) {
         return s.ask([&](const auto& v) { return of_bytes(v.tobytes(a[0].bytes()[0])); });
       }},
      {"tolist",
       [](Subject& s, A) {
         return s.ask([](const auto& v) {
           return with_item_type(v.format().back(), [&](auto item) {
             using T = decltype(item);
             const std::vector<T> items = v.template tolist<T>();
             // Python gives one item without dimensions as itself.
             if (v.ndim() == 0) return of_item<T>(items[0]);
             return of_list(items, [](T i) { return of_item(i); });
           });
         });
       }},
      {"hex", [](Subject& s, A) { return s.ask([](const auto& v) { return of_text(v.hex()); }); }},
      {"hex_separator",
       [](Subject& s, A a) {
         return s.ask([&](const auto& v) { return of_text(v.hex(a[0].bytes(), a[1].integer())); });
       }},
      {"eq",
       [](Subject& s, A a) {
         return s.ask([&](const auto& v) { return of_bool(v == Bytes(a[0].bytes())); });
       }},
      {"eq_base",
       [](Subject& s, A) {
         const MemoryView base =
             std::visit([](const auto& v) { return v.toreadonly(); }, s.views[0]);
         return s.ask([&](const auto& v) { return of_bool(v.toreadonly() == base); });
       }},
      {"contains",
       [](Subject& s, A a) {
         return s.ask([&](const auto& v) { return of_bool(v.contains(a[0].integer())); });
       }},
      {"hash",
       [](Subject& s, A) {
         return s.ask([](const auto& v) {
           if (!v.readonly()) throw std::invalid_argument("cannot hash writable memoryview object");
           const MemoryView view = v.toreadonly();
           return of_bool(view.hash() == std::hash<Bytes>()(view.tobytes()));
         });
       }},
  };
  return table;
}

TEST(Golden, MemoryViewAnswersAsPython) {
  Subject subject;
  replay("memoryview",
         {{"hash-of-live-view", "!ValueError",
           "a view of changing memory says so itself; Python asks the bytearray, which is "
           "unhashable"}},
         [&](std::string_view method, const Arguments& arguments) {
           return dispatch(calls(), method, subject, arguments);
         });
}

}  // namespace
}  // namespace quire::test::golden
