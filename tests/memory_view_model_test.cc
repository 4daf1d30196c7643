// MemoryView and MutableMemoryView under random operations, against a slow obvious model: the offset
// of every item.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/memory_view.h"
#include "support/item_types.h"
#include "support/random_choices.h"

namespace quire {
namespace {

using test::with_item_type;

constexpr std::size_t kMemory = 256;
constexpr std::array kGaps = {"contiguous", "strided", "negative", "empty"};
constexpr std::array kAccess = {"readonly", "writable"};
constexpr std::array kItems = {"byte", "typed", "n-d"};
constexpr std::size_t kCells = kGaps.size() * kAccess.size() * kItems.size();

std::size_t size_of(char format) {
  return with_item_type(format, [](auto zero) { return sizeof(zero); });
}

bool is_byte(char format) {
  return format == 'B' || format == 'b' || format == 'c';
}

struct Model {
  std::vector<std::byte>* memory;
  char format = 'B';
  std::vector<std::size_t> shape;
  std::vector<std::size_t> at;

  [[nodiscard]] std::size_t itemsize() const { return size_of(format); }

  [[nodiscard]] std::size_t row() const { return shape[0] == 0 ? 0 : at.size() / shape[0]; }

  [[nodiscard]] bool contiguous() const {
    for (std::size_t i = 1; i < at.size(); ++i) {
      if (at[i] != at[0] + i * itemsize()) return false;
    }
    return true;
  }

  [[nodiscard]] std::string bytes() const {
    std::string result;
    for (const std::size_t offset : at) {
      result.append(reinterpret_cast<const char*>(memory->data()) + offset, itemsize());
    }
    return result;
  }

  template <class T>
  [[nodiscard]] T value(std::size_t item) const {
    if constexpr (std::is_same_v<T, bool>) return (*memory)[at[item]] != std::byte{};
    T result;
    std::memcpy(&result, memory->data() + at[item], sizeof(T));
    return result;
  }

  /// As a number that holds every one of the types exactly; a byte of format 'c' is none of them.
  [[nodiscard]] long double number(std::size_t item) const {
    return with_item_type(format, [&](auto zero) {
      return static_cast<long double>(value<decltype(zero)>(item)) + (format == 'c' ? 0.5L : 0.0L);
    });
  }

  /// What python's range(*slice(start, stop, step).indices(n)) gives.
  [[nodiscard]] Model sliced(std::optional<std::ptrdiff_t> start,
                             std::optional<std::ptrdiff_t> stop, std::ptrdiff_t step) const {
    const auto n = static_cast<std::ptrdiff_t>(shape[0]);
    const std::ptrdiff_t low = step > 0 ? 0 : -1;
    const std::ptrdiff_t high = step > 0 ? n : n - 1;
    const auto clamp = [&](std::optional<std::ptrdiff_t> bound, std::ptrdiff_t omitted) {
      if (!bound) return omitted;
      const std::ptrdiff_t value = *bound < 0 ? *bound + n : *bound;
      return value < low ? low : value > high ? high : value;
    };
    const std::ptrdiff_t to = clamp(stop, step > 0 ? high : low);
    Model result{memory, format, shape, {}};
    result.shape[0] = 0;
    for (std::ptrdiff_t i = clamp(start, step > 0 ? low : high); step > 0 ? i < to : i > to;
         i += step) {
      ++result.shape[0];
      for (std::size_t k = 0; k < row(); ++k) {
        result.at.push_back(at[static_cast<std::size_t>(i) * row() + k]);
      }
    }
    return result;
  }

  [[nodiscard]] Model cast(char target, std::vector<std::size_t> target_shape) const {
    Model result{memory, target, std::move(target_shape), {}};
    const std::size_t size = at.size() * itemsize();
    for (std::size_t offset = 0; offset < size; offset += size_of(target)) {
      result.at.push_back(at[0] + offset);
    }
    return result;
  }
};

class Machine {
 public:
  explicit Machine(test::RandomChoices choices) : choices_(std::move(choices)) {
    for (std::size_t i = 0; i < kMemory; ++i) {
      // Many equal neighbours, so that searches and comparisons find something.
      memory_.push_back(std::byte(below(3) == 0 ? below(256) : below(2)));
    }
    stream_.write(memory_);
    frozen_ = stream_.getvalue();
    live_ = stream_.getbuffer();
    frozen_memory_ = memory_;
  }

  void step() {
    const bool writable = below(2) == 0;
    const bool frozen = !writable && below(2) == 0;
    Model model = whole(frozen);
    if (writable) {
      MutableMemoryView view = build(live_, model);
      count_cell(model, true);
      write(view, model);
      ASSERT_TRUE(ByteSpan(live_) == ByteSpan(memory_)) << "after " << operation_;
      ASSERT_TRUE(ByteSpan(frozen_) == ByteSpan(frozen_memory_)) << "after " << operation_;
      read(view, model);
    } else {
      const MemoryView view = build(frozen ? MemoryView(frozen_) : live_.toreadonly(), model);
      count_cell(model, false);
      read(view, model);
    }
  }

  [[nodiscard]] const auto& counts() const { return counts_; }

 private:
  std::size_t below(std::size_t n) { return choices_.below(n); }

  /// The bytes [start, start + size) of either memory.
  Model bytes_of(std::vector<std::byte>& memory, std::size_t start, std::size_t size) {
    Model result{&memory, 'B', {size}, std::vector<std::size_t>(size)};
    std::iota(result.at.begin(), result.at.end(), start);
    return result;
  }

  Model whole(bool frozen) { return bytes_of(frozen ? frozen_memory_ : memory_, 0, kMemory); }

  char any_format(bool byte) {
    constexpr std::string_view kBytes = "Bbc";
    constexpr std::string_view kTyped = "hHiIlLqQnNfdP?";
    return byte ? kBytes[below(kBytes.size())] : kTyped[below(kTyped.size())];
  }

  std::string spelled(char format) { return (below(4) == 0 ? "@" : "") + std::string(1, format); }

  /// Any slice that leaves at least `least` items of a first dimension that has enough of them.
  template <class View>
  View random_slice(const View& view, Model& model, std::size_t least) {
    for (;;) {
      const auto n = static_cast<std::ptrdiff_t>(model.shape[0]);
      const auto bound = [&]() -> std::optional<std::ptrdiff_t> {
        if (below(4) == 0) return std::nullopt;
        return static_cast<std::ptrdiff_t>(below(static_cast<std::size_t>(2 * n + 7))) - n - 3;
      };
      const std::ptrdiff_t steps[] = {1, 1, 1, -1, -1, 2, 3, -2, -3, 5, -7, 1000, -1000};
      const auto start = bound();
      const auto stop = bound();
      const std::ptrdiff_t step = steps[below(std::size(steps))];
      Model part = model.sliced(start, stop, step);
      if (part.shape[0] < least) continue;
      model = part;
      const auto as_bound = [](std::optional<std::ptrdiff_t> value) {
        return value ? SliceBound(*value) : SliceBound(std::nullopt);
      };
      return view.slice(as_bound(start), as_bound(stop), step);
    }
  }

  /// A view of random bytes, format, shape, strides; the model follows.
  template <class View>
  View build(const View& all, Model& model) {
    const std::size_t kind = below(kItems.size());
    const char format = any_format(kind == 0 || (kind == 2 && below(2) == 0));
    std::vector<std::size_t> shape{1 + below(12)};
    while (kind == 2 && (shape.size() < 2 || (shape.size() < 4 && below(3) == 0))) {
      shape.push_back(1 + below(3));
    }
    std::size_t size = size_of(format);
    for (const std::size_t n : shape) size *= n;
    while (size > kMemory) {
      size /= shape[0];
      shape[0] = 1;
    }
    const std::size_t start = below(kMemory - size + 1);
    model = bytes_of(*model.memory, start, size);
    View view = all.slice(start, start + size);
    model = model.cast(format, shape);
    const std::vector<std::ptrdiff_t> target(shape.begin(), shape.end());
    view = kind == 2 ? view.cast(spelled(format), target) : view.cast(spelled(format));
    if (below(4) == 0) return view;
    if (below(4) == 0) {
      // Nothing: from the middle, by a step either way.
      const auto middle = static_cast<std::ptrdiff_t>(below(model.shape[0] + 1));
      const std::ptrdiff_t step = below(2) == 0 ? 1 : -1;
      model = model.sliced(middle, middle, step);
      return view.slice(middle, middle, step);
    }
    view = random_slice(view, model, model.shape[0] > 1 ? 2 : 1);
    if (below(3) == 0) view = random_slice(view, model, model.shape[0] > 1 ? 2 : 1);
    return view;
  }

  void count_cell(const Model& model, bool writable) {
    const std::size_t gaps = model.at.empty()                                            ? 3
                             : model.contiguous()                                        ? 0
                             : model.shape[0] > 1 && model.at[model.row()] < model.at[0] ? 2
                                                                                         : 1;
    const std::size_t items = model.shape.size() > 1 ? 2 : is_byte(model.format) ? 0 : 1;
    cell_ = (gaps * kAccess.size() + (writable ? 1 : 0)) * kItems.size() + items;
  }

  void count(const char* operation) {
    operation_ = operation;
    auto& counts = counts_[operation];
    if (counts.empty()) counts.resize(kCells);
    ++counts[cell_];
  }

  template <class View>
  void read(const View& view, const Model& model) {
    ASSERT_EQ(view.format().back(), model.format);
    ASSERT_EQ(view.itemsize(), model.itemsize());
    ASSERT_EQ(std::vector<std::size_t>(view.shape().begin(), view.shape().end()), model.shape);
    ASSERT_EQ(view.nbytes(), model.at.size() * model.itemsize());
    if (!model.at.empty()) {
      ASSERT_EQ(view.c_contiguous(), model.contiguous());
    }
    switch (below(10)) {
      case 0:
        return slice(view, model);
      case 1:
        return cast(view, model);
      case 2:
        return get(view, model);
      case 3:
        return tobytes(view, model);
      case 4:
        return tolist(view, model);
      case 5:
        return equal(view, model);
      case 6:
        return index(view, model);
      case 7:
        return typed(view, model);
      case 8:
        return find(view, model);
      default:
        return iterate(view, model);
    }
  }

  template <class View>
  void slice(const View& view, const Model& model) {
    count("slice");
    Model part = model;
    const View result = random_slice(view, part, 0);
    ASSERT_EQ(result.size(), part.shape[0]);
    ASSERT_EQ(result.tobytes(), part.bytes());
  }

  template <class View>
  void cast(const View& view, const Model& model) {
    count("cast");
    const char format = any_format(below(2) == 0);
    const std::size_t size = model.at.size() * model.itemsize();
    const bool possible = view.c_contiguous() && (is_byte(format) || is_byte(model.format)) &&
                          size % size_of(format) == 0 && (size != 0 || model.shape.size() == 1);
    if (!possible) {
      ASSERT_THROW(static_cast<void>(view.cast(spelled(format))), TypeError);
      return;
    }
    const View result = view.cast(spelled(format));
    ASSERT_EQ(result.ndim(), 1u);
    ASSERT_EQ(result.size(), size / size_of(format));
    ASSERT_EQ(result.tobytes(), model.bytes());
    if (result.size() == 0) return;
    // There and back, by way of a shape when this is a row.
    const auto rows = static_cast<std::ptrdiff_t>(result.size());
    ASSERT_EQ(result.cast("B").cast("B", {static_cast<std::ptrdiff_t>(size), 1}).tobytes(),
              model.bytes());
    ASSERT_EQ(is_byte(format) ? result.cast("B", {1, rows}).tobytes() : result.tobytes(),
              model.bytes());
  }

  /// The indices of an item, some of them counted from the end.
  std::vector<std::ptrdiff_t> index_of(std::size_t item, const Model& model) {
    std::vector<std::ptrdiff_t> result(model.shape.size());
    for (std::size_t i = result.size(); i-- > 0;) {
      result[i] = static_cast<std::ptrdiff_t>(item % model.shape[i]);
      item /= model.shape[i];
      if (below(2) == 0) result[i] -= static_cast<std::ptrdiff_t>(model.shape[i]);
    }
    return result;
  }

  template <class View>
  void get(const View& view, const Model& model) {
    count("get");
    with_item_type(model.format, [&](auto zero) {
      using T = decltype(zero);
      const auto n = static_cast<std::ptrdiff_t>(model.shape[0]);
      if (model.shape.size() == 1) {
        ASSERT_THROW(static_cast<void>(view.template get<T>(n)), std::out_of_range);
        ASSERT_THROW(static_cast<void>(view.template get<T>(-n - 1)), std::out_of_range);
      }
      if (model.at.empty()) return;
      const std::size_t item = below(model.at.size());
      const auto at = index_of(item, model);
      const T expected = model.value<T>(item);
      const T got = at.size() == 1   ? view.template get<T>(at[0])
                    : at.size() == 2 ? view.template get<T>(at[0], at[1])
                    : at.size() == 3 ? view.template get<T>(at[0], at[1], at[2])
                                     : view.template get<T>(at[0], at[1], at[2], at[3]);
      ASSERT_EQ(std::memcmp(&got, &expected, sizeof(T)), 0);
    });
  }

  template <class View>
  void tobytes(const View& view, const Model& model) {
    count("tobytes");
    const std::string expected = model.bytes();
    ASSERT_EQ(view.tobytes(), expected);
    ASSERT_EQ(view.hex(), Bytes(expected).hex());
    ASSERT_EQ(view.hex(":", 3), Bytes(expected).hex(":", 3));
  }

  template <class View>
  void tolist(const View& view, const Model& model) {
    count("tolist");
    with_item_type(model.format, [&](auto zero) {
      using T = decltype(zero);
      const std::vector<T> list = view.template tolist<T>();
      ASSERT_EQ(list.size(), model.at.size());
      for (std::size_t i = 0; i < list.size(); ++i) {
        const T got = list[i];
        const T expected = model.value<T>(i);
        ASSERT_EQ(std::memcmp(&got, &expected, sizeof(T)), 0);
      }
    });
  }

  template <class View>
  void equal(const View& view, const Model& model) {
    count("equal");
    Model other = whole(below(2) == 0);
    MemoryView rival = other.memory == &memory_ ? live_.toreadonly() : MemoryView(frozen_);
    if (below(2) == 0) {
      rival = build(rival, other);
    } else {
      other = model;
      rival = view;
    }
    bool expected = other.shape == model.shape;
    for (std::size_t i = 0; expected && i < model.at.size(); ++i) {
      expected = model.number(i) == other.number(i);
    }
    ASSERT_EQ(view == rival, expected) << model.format << other.format;
    ASSERT_EQ(rival == view, expected);
    ASSERT_EQ(
        view == Bytes(model.bytes()), model.shape.size() == 1 && [&] {
          for (std::size_t i = 0; i < model.at.size(); ++i) {
            if (model.itemsize() != 1) return false;
            if (model.number(i) != static_cast<unsigned char>(model.bytes()[i])) return false;
          }
          return true;
        }());
  }

  template <class View>
  void index(const View& view, const Model& model) {
    count("index");
    with_item_type(model.format, [&](auto zero) {
      using T = decltype(zero);
      T wanted = zero;
      if (!model.at.empty() && below(4) != 0) wanted = model.value<T>(below(model.at.size()));
      if (model.shape.size() > 1) {
        ASSERT_THROW(static_cast<void>(view.count(wanted)), UnsupportedOperation);
        return;
      }
      std::vector<std::size_t> places;
      for (std::size_t i = 0; i < model.at.size(); ++i) {
        if (model.value<T>(i) == wanted) places.push_back(i);
      }
      ASSERT_EQ(view.count(wanted), places.size());
      ASSERT_EQ(view.contains(wanted), !places.empty());
      if (places.empty()) {
        ASSERT_THROW(static_cast<void>(view.index(wanted)), std::invalid_argument);
      } else {
        ASSERT_EQ(view.index(wanted), places[0]);
        ASSERT_EQ(view.index(wanted, places.back()), places.back());
      }
    });
  }

  template <class View>
  void typed(const View& view, const Model& model) {
    count("cast<T>");
    with_item_type(model.format, [&](auto zero) {
      using T = decltype(zero);
      if constexpr (!std::is_same_v<T, bool>) {
        const bool possible = model.shape.size() == 1 || view.c_contiguous();
        if (!possible) {
          ASSERT_THROW(static_cast<void>(view.template cast<T>()), TypeError);
          return;
        }
        const std::byte* const base =
            model.memory == &memory_ ? ByteSpan(live_).data() : frozen_.data();
        bool aligned = true;
        for (const std::size_t offset : model.at) {
          aligned = aligned && reinterpret_cast<std::uintptr_t>(base + offset) % alignof(T) == 0;
        }
        if (!aligned) {
          ASSERT_THROW(static_cast<void>(view.template cast<T>()), BufferError);
          return;
        }
        std::size_t i = 0;
        const auto items = view.template cast<T>();
        for (const T& item : items) {
          const T expected = model.value<T>(i++);
          ASSERT_EQ(std::memcmp(&item, &expected, sizeof(T)), 0);
        }
        ASSERT_EQ(i, model.at.size());
      }
    });
  }

  template <class View>
  void find(const View& view, const Model& model) {
    count("find");
    const std::string bytes = model.bytes();
    if (!bytes.empty() && !view.c_contiguous()) {
      ASSERT_THROW(static_cast<void>(view.find("x")), BufferError);
      ASSERT_THROW(static_cast<void>(ByteSpan(view)), BufferError);
      return;
    }
    const std::size_t from = below(bytes.size() + 1);
    const std::string needle = bytes.substr(from, below(3));
    ASSERT_EQ(view.find(needle), bytes.find(needle));
    ASSERT_EQ(view.startswith(needle), bytes.starts_with(needle));
    const auto [before, separator, after] = view.partition(needle.empty() ? "\1" : needle);
    ASSERT_EQ(before.nbytes() + separator.nbytes() + after.nbytes(), bytes.size());
    ASSERT_EQ(Bytes(before) + separator + after, bytes);
  }

  template <class View>
  void iterate(const View& view, const Model& model) {
    count("iterate");
    if (model.shape.size() > 1) {
      ASSERT_THROW(static_cast<void>(view.begin()), UnsupportedOperation);
      return;
    }
    if (!is_byte(model.format)) {
      ASSERT_THROW(static_cast<void>(view.begin()), TypeError);
      return;
    }
    std::string forward;
    for (const std::byte item : view) forward.push_back(static_cast<char>(item));
    ASSERT_EQ(forward, model.bytes());
    for (std::size_t i = 0; i < forward.size(); ++i) {
      ASSERT_EQ(static_cast<char>(view[i]), forward[i]);
      ASSERT_EQ(static_cast<char>(view.end()[-1 - static_cast<std::ptrdiff_t>(i)]),
                forward[forward.size() - 1 - i]);
    }
  }

  void write(const MutableMemoryView& view, const Model& model) {
    switch (below(3)) {
      case 0:
        return set(view, model);
      case 1:
        return fill(view, model);
      default:
        return assign(view, model);
    }
  }

  template <class T>
  void store(const Model& model, std::size_t item, T value) {
    std::memcpy(memory_.data() + model.at[item], &value, sizeof(T));
  }

  void set(const MutableMemoryView& view, const Model& model) {
    count("set");
    with_item_type(model.format, [&](auto zero) {
      using T = decltype(zero);
      const T value = static_cast<T>(below(200));
      if (model.at.empty()) {
        ASSERT_THROW(view.set(std::initializer_list<std::ptrdiff_t>{0, 0, 0, 0, 0}, value),
                     TypeError);
        return;
      }
      const std::size_t item = below(model.at.size());
      const auto at = index_of(item, model);
      if (at.size() == 1) view.set(at[0], value);
      if (at.size() == 2) view.set({at[0], at[1]}, value);
      if (at.size() == 3) view.set({at[0], at[1], at[2]}, value);
      if (at.size() == 4) view.set({at[0], at[1], at[2], at[3]}, value);
      store(model, item, value);
    });
  }

  void fill(const MutableMemoryView& view, const Model& model) {
    count("fill");
    with_item_type(model.format, [&](auto zero) {
      using T = decltype(zero);
      const T value = static_cast<T>(below(5));
      view.fill(value);
      for (std::size_t i = 0; i < model.at.size(); ++i) store(model, i, value);
    });
  }

  /// From another part of the same memory, or of the frozen one.
  void assign(const MutableMemoryView& view, const Model& model) {
    count("assign");
    Model source = whole(below(2) == 0);
    MemoryView from = source.memory == &memory_ ? live_.toreadonly() : MemoryView(frozen_);
    const std::size_t span = model.itemsize() * model.at.size() * 3;
    if (below(4) != 0 && span != 0 && span <= kMemory) {
      // The same structure, and most often near: every second or third row, from either end.
      const std::ptrdiff_t steps[] = {1, 2, 3, -1, -2, -3};
      const std::ptrdiff_t step = steps[below(std::size(steps))];
      const std::size_t near = model.at[0] < kMemory - span ? model.at[0] : kMemory - span;
      const std::size_t start = below(2) == 0 ? near : below(kMemory - span + 1);
      source = bytes_of(*source.memory, start, span);
      std::vector<std::size_t> shape = model.shape;
      shape[0] *= 3;
      source = source.cast(model.format, shape);
      const std::vector<std::ptrdiff_t> target(shape.begin(), shape.end());
      from = from.slice(start, start + span).cast(spelled(model.format), target);
      source = source.sliced(std::nullopt, std::nullopt, step);
      source = source.sliced(std::nullopt, static_cast<std::ptrdiff_t>(model.shape[0]), 1);
      from = from.slice(std::nullopt, std::nullopt, step).slice(std::nullopt, model.shape[0]);
    } else {
      from = build(from, source);
    }
    if (source.format != model.format || source.shape != model.shape) {
      ASSERT_THROW(view.assign(from), std::invalid_argument);
      return;
    }
    const std::string bytes = source.bytes();
    view.assign(from);
    for (std::size_t i = 0; i < model.at.size(); ++i) {
      std::memcpy(memory_.data() + model.at[i], bytes.data() + i * model.itemsize(),
                  model.itemsize());
    }
  }

  test::RandomChoices choices_;
  std::vector<std::byte> memory_;
  std::vector<std::byte> frozen_memory_;
  BytesIO stream_;
  Bytes frozen_;
  MutableMemoryView live_;
  std::size_t cell_ = 0;
  const char* operation_ = "";
  std::map<std::string, std::vector<std::size_t>> counts_;
};

TEST(MemoryViewModel, RandomOperationsMatchTheModel) {
  Machine machine(test::RandomChoices::from_environment());
  for (std::size_t step = 0; step < test::steps(800'000) && !HasFatalFailure(); ++step)
    machine.step();
  for (const auto& [operation, counts] : machine.counts()) {
    const bool writes = operation == "set" || operation == "fill" || operation == "assign";
    std::printf("%s\n", operation.c_str());
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      const std::size_t access = cell / kItems.size() % kAccess.size();
      if (writes && access == 0) continue;
      const std::string name = std::string(kGaps[cell / kItems.size() / kAccess.size()]) + " " +
                               kAccess[access] + " " + kItems[cell % kItems.size()];
      std::printf("  %-28s%8zu\n", name.c_str(), counts[cell]);
      EXPECT_GE(counts[cell], 1000u) << operation << " while " << name;
    }
  }
}

}  // namespace
}  // namespace quire
