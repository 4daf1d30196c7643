// ByteArrayMachine: random operations on ByteArray, compared step by step with a slow obvious model:
// the arrays, every Bytes ever frozen from them, and every view of their memory.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "quire/byte_array.h"
#include "quire/error.h"
#include "quire/memory_view.h"
#include "support/machine.h"

namespace quire::test {

/// What hangs on the array: nothing, Bytes that came from it, or views that pin its size.
enum class ArrayState { Alone, Kept, Viewed };

inline constexpr std::array<const char*, 3> kArrayStates = {"alone", "kept", "viewed"};

/// One array under test. The model is shared with the views, as the memory is.
struct ArraySubject {
  ByteArray array;
  std::shared_ptr<std::string> memory = std::make_shared<std::string>();
  std::vector<Kept> kept;

  [[nodiscard]] std::string& model() const { return *memory; }

  [[nodiscard]] std::size_t size() const { return memory->size(); }
};

/// A view, the model of the memory that it shows, and which bytes of that; the array may have left
/// the memory to it.
struct ArrayView {
  std::shared_ptr<std::string> memory;
  std::vector<std::size_t> at;
  MemoryView view;
  std::optional<MutableMemoryView> writable;
};

/// A slice as Python spells it.
struct SomeSlice {
  std::optional<std::ptrdiff_t> start;
  std::optional<std::ptrdiff_t> stop;
  std::ptrdiff_t step = 1;

  static SliceBound bound(std::optional<std::ptrdiff_t> value) {
    return value ? SliceBound(*value) : SliceBound(std::nullopt);
  }

  [[nodiscard]] SliceBound from() const { return bound(start); }

  [[nodiscard]] SliceBound to() const { return bound(stop); }

  /// Python's `slice(start, stop, step).indices(size)`, and the range of these.
  [[nodiscard]] std::pair<std::size_t, std::vector<std::size_t>> resolve(std::size_t count) const {
    const auto size = static_cast<std::ptrdiff_t>(count);
    const std::ptrdiff_t low = step > 0 ? 0 : -1;
    const std::ptrdiff_t high = step > 0 ? size : size - 1;
    const auto clamp = [&](std::optional<std::ptrdiff_t> value, std::ptrdiff_t omitted) {
      return value ? std::clamp(*value < 0 ? *value + size : *value, low, high) : omitted;
    };
    const std::ptrdiff_t first = clamp(start, step > 0 ? low : high);
    const std::ptrdiff_t end = clamp(stop, step > 0 ? high : low);
    std::vector<std::size_t> at;
    for (std::ptrdiff_t i = first; step > 0 ? i < end : i > end; i += step) {
      at.push_back(static_cast<std::size_t>(i));
    }
    return {static_cast<std::size_t>(first < 0 ? 0 : first), at};
  }

  [[nodiscard]] std::vector<std::size_t> positions(std::size_t count) const {
    return resolve(count).second;
  }
};

/// See Machine.
template <class Choices>
class ByteArrayMachine : public Machine<Choices> {
 public:
  explicit ByteArrayMachine(Choices choices) : Machine<Choices>(std::move(choices)) {
    subjects_.push_back(std::make_unique<ArraySubject>());
  }

  [[nodiscard]] const auto& counts() const noexcept { return counts_; }

  void step() {
    static const std::vector<std::pair<const char*, Operation>> kOperations = {
        {"append", &ByteArrayMachine::do_append},
        {"extend", &ByteArrayMachine::do_extend},
        {"extend own", &ByteArrayMachine::do_extend_own},
        {"insert", &ByteArrayMachine::do_insert},
        {"pop", &ByteArrayMachine::do_pop},
        {"remove", &ByteArrayMachine::do_remove},
        {"reverse", &ByteArrayMachine::do_reverse},
        {"clear", &ByteArrayMachine::do_clear},
        {"set item", &ByteArrayMachine::do_set_item},
        {"erase item", &ByteArrayMachine::do_erase_item},
        {"erase slice", &ByteArrayMachine::do_erase_slice},
        {"erase steps", &ByteArrayMachine::do_erase_steps},
        {"consume", &ByteArrayMachine::do_consume},
        {"assign slice", &ByteArrayMachine::do_assign_slice},
        {"assign steps", &ByteArrayMachine::do_assign_steps},
        {"assign own", &ByteArrayMachine::do_assign_own},
        {"repeat", &ByteArrayMachine::do_repeat},
        {"resize", &ByteArrayMachine::do_resize},
        {"reserve", &ByteArrayMachine::do_reserve},
        {"compact", &ByteArrayMachine::do_compact},
        {"read write", &ByteArrayMachine::do_read_write},
        {"freeze", &ByteArrayMachine::do_freeze},
        {"from bytes", &ByteArrayMachine::do_from_bytes},
        {"copy", &ByteArrayMachine::do_copy},
        {"copy assign", &ByteArrayMachine::do_copy_assign},
        {"move", &ByteArrayMachine::do_move},
        {"move assign", &ByteArrayMachine::do_move_assign},
        {"swap", &ByteArrayMachine::do_swap},
        {"view", &ByteArrayMachine::do_view},
        {"write view", &ByteArrayMachine::do_write_view},
        {"index", &ByteArrayMachine::do_index},
        {"slice", &ByteArrayMachine::do_slice},
        {"find", &ByteArrayMachine::do_find},
        {"partition", &ByteArrayMachine::do_partition},
        {"replace", &ByteArrayMachine::do_replace},
        {"compare", &ByteArrayMachine::do_compare},
        {"add", &ByteArrayMachine::do_add}};
    ArraySubject& s = *subjects_[below(subjects_.size())];
    const auto& [name, operation] = kOperations[below(kOperations.size())];
    running_ = name;
    ++counts_[name][static_cast<std::size_t>(state_of(s))];
    (this->*operation)(s);
    for (const auto& subject : subjects_) check(*subject);
    for (const ArrayView& view : views_) check(view);
    let_go();
  }

 private:
  using Operation = void (ByteArrayMachine::*)(ArraySubject&);
  using Machine<Choices>::below;
  using Machine<Choices>::one_in;
  using Machine<Choices>::running_;
  using Machine<Choices>::same;
  using Machine<Choices>::some_bytes;
  using Machine<Choices>::some_size;
  using Machine<Choices>::text;

  /// Why an operation does nothing.
  enum class Refusal { None, Pinned, Invalid, OutOfRange };

  static std::byte byte_of(char c) { return static_cast<std::byte>(c); }

  static std::string at(const std::string& data, const std::vector<std::size_t>& positions) {
    std::string result;
    for (const std::size_t position : positions) result += data[position];
    return result;
  }

  /// An index, right or not, as Python takes it.
  std::ptrdiff_t some_index(const ArraySubject& s) {
    const auto size = static_cast<std::ptrdiff_t>(s.size());
    return static_cast<std::ptrdiff_t>(below(2 * s.size() + 3)) - size - 1;
  }

  /// Where that is; npos when it is not there.
  static std::size_t resolve(const ArraySubject& s, std::ptrdiff_t index) {
    if (index < 0) index += static_cast<std::ptrdiff_t>(s.size());
    return index < 0 || static_cast<std::size_t>(index) >= s.size()
               ? npos
               : static_cast<std::size_t>(index);
  }

  std::optional<std::ptrdiff_t> some_bound(const ArraySubject& s) {
    if (one_in(4)) return std::nullopt;
    return some_index(s) * (one_in(10) ? 2 : 1);
  }

  SomeSlice some_slice(const ArraySubject& s) { return {some_bound(s), some_bound(s), 1}; }

  SomeSlice some_steps(const ArraySubject& s) {
    SomeSlice slice = some_slice(s);
    slice.step = static_cast<std::ptrdiff_t>(below(9)) - 4;
    if (one_in(20)) slice.step *= 1000;
    if (slice.step == 0) slice.step = -1;
    return slice;
  }

  bool pinned(const ArraySubject& s) const {
    return std::any_of(views_.begin(), views_.end(),
                       [&](const ArrayView& v) { return v.memory == s.memory; });
  }

  ArrayState state_of(const ArraySubject& s) const {
    if (pinned(s)) return ArrayState::Viewed;
    return s.kept.empty() ? ArrayState::Alone : ArrayState::Kept;
  }

  Refusal pinned_if(bool resizes, const ArraySubject& s) const {
    return resizes && pinned(s) ? Refusal::Pinned : Refusal::None;
  }

  /// Runs `action`, which must be refused as foreseen; is it done?
  template <class Action>
  bool done(Refusal foreseen, Action action) const {
    Refusal met = Refusal::None;
    try {
      action();
    } catch (const BufferError&) {
      met = Refusal::Pinned;
    } catch (const std::invalid_argument&) {
      met = Refusal::Invalid;
    } catch (const std::out_of_range&) {
      met = Refusal::OutOfRange;
    }
    same(met, foreseen, "whether it is refused");
    return met == Refusal::None;
  }

  /// The same for what must leave `expected` behind.
  template <class Action>
  void change(ArraySubject& s, std::string expected, Action action) {
    if (done(pinned_if(expected.size() != s.size(), s), action)) s.model() = std::move(expected);
  }

  void keep(ArraySubject& s, Bytes bytes, std::string expected) {
    same(text(bytes), expected, "bytes returned");
    s.kept.push_back({std::move(bytes), std::move(expected)});
  }

  /// The array has taken other memory: its views keep what it had.
  void renew(ArraySubject& s, std::string content) {
    s.memory = std::make_shared<std::string>(std::move(content));
  }

  // --- one byte ----------------------------------------------------------------------------------

  void do_append(ArraySubject& s) {
    change(s, s.model() + 'A', [&] { s.array.append(byte_of('A')); });
  }

  void do_insert(ArraySubject& s) {
    const SomeSlice where{some_bound(s), std::nullopt, 1};
    const std::size_t offset = where.start ? where.resolve(s.size()).first : s.size();
    change(s, std::string(s.model()).insert(offset, 1, 'I'),
           [&] { s.array.insert(where.from(), byte_of('I')); });
  }

  void do_pop(ArraySubject& s) {
    const bool last = one_in(2);
    const std::ptrdiff_t index = last ? -1 : some_index(s);
    const std::size_t offset = resolve(s, index);
    std::byte popped{};
    const Refusal refusal = offset == npos ? Refusal::OutOfRange : pinned_if(true, s);
    if (!done(refusal, [&] { popped = last ? s.array.pop() : s.array.pop(index); })) return;
    same(popped, byte_of(s.model()[offset]), "byte returned");
    s.model().erase(offset, 1);
  }

  void do_remove(ArraySubject& s) {
    const char value = static_cast<char>('a' + below(26));
    const std::size_t offset = s.model().find(value);
    const Refusal refusal = offset == npos ? Refusal::Invalid : pinned_if(true, s);
    if (done(refusal, [&] { s.array.remove(byte_of(value)); })) s.model().erase(offset, 1);
  }

  void do_set_item(ArraySubject& s) {
    const std::ptrdiff_t index = some_index(s);
    const std::size_t offset = resolve(s, index);
    if (done(offset == npos ? Refusal::OutOfRange : Refusal::None,
             [&] { s.array[index] = byte_of('S'); })) {
      s.model()[offset] = 'S';
    }
  }

  void do_erase_item(ArraySubject& s) {
    const std::ptrdiff_t index = some_index(s);
    const std::size_t offset = resolve(s, index);
    const Refusal refusal = offset == npos ? Refusal::OutOfRange : pinned_if(true, s);
    if (done(refusal, [&] { s.array.erase(index); })) s.model().erase(offset, 1);
  }

  void do_index(ArraySubject& s) {
    const std::ptrdiff_t index = some_index(s);
    const std::size_t offset = resolve(s, index);
    std::byte value{};
    if (done(offset == npos ? Refusal::OutOfRange : Refusal::None,
             [&] { value = std::as_const(s.array)[index]; })) {
      same(value, byte_of(s.model()[offset]), "byte returned");
    }
  }

  // --- many bytes --------------------------------------------------------------------------------

  void do_extend(ArraySubject& s) {
    const std::string bytes = some_bytes();
    change(s, s.model() + bytes, [&] {
      if (one_in(2)) {
        s.array.extend(bytes);
      } else {
        s.array += bytes;
      }
    });
  }

  /// A part of the array itself, which is contiguous.
  std::pair<std::size_t, std::size_t> own_part(const ArraySubject& s) {
    const std::size_t from = below(s.size() + 1);
    return {from, std::min(some_size(), s.size() - from)};
  }

  void do_extend_own(ArraySubject& s) {
    const auto [from, count] = own_part(s);
    const ByteSpan part = s.array.span().subspan(from, count);
    change(s, s.model() + s.model().substr(from, count), [&] { s.array.extend(part); });
  }

  void do_reverse(ArraySubject& s) {
    s.array.reverse();
    std::reverse(s.model().begin(), s.model().end());
  }

  void do_clear(ArraySubject& s) {
    change(s, "", [&] { s.array.clear(); });
  }

  void do_erase_slice(ArraySubject& s) {
    const SomeSlice slice = some_slice(s);
    const auto [first, positions] = slice.resolve(s.size());
    change(s, std::string(s.model()).erase(first, positions.size()), [&] {
      if (one_in(2)) {
        s.array.erase_slice(slice.from(), slice.to());
      } else {
        s.array.erase_slice(slice.from(), slice.to(), 1);
      }
    });
  }

  /// Without the bytes at `positions`.
  static std::string without(const std::string& data, std::vector<std::size_t> positions) {
    std::sort(positions.begin(), positions.end());
    std::string result;
    for (std::size_t i = 0; i < data.size(); ++i) {
      if (!std::binary_search(positions.begin(), positions.end(), i)) result += data[i];
    }
    return result;
  }

  void do_erase_steps(ArraySubject& s) {
    const SomeSlice slice = some_steps(s);
    change(s, without(s.model(), slice.positions(s.size())),
           [&] { s.array.erase_slice(slice.from(), slice.to(), slice.step); });
  }

  void do_consume(ArraySubject& s) {
    const std::size_t count = std::min(below(100), s.size());
    change(s, s.model().substr(count), [&] { s.array.erase_slice(0, count); });
  }

  void do_assign_slice(ArraySubject& s) {
    const SomeSlice slice = some_slice(s);
    const auto [first, positions] = slice.resolve(s.size());
    const std::string bytes = one_in(2) ? some_bytes(positions.size()) : some_bytes();
    change(s, std::string(s.model()).replace(first, positions.size(), bytes),
           [&] { s.array.assign_slice(slice.from(), slice.to(), bytes); });
  }

  void do_assign_steps(ArraySubject& s) {
    const SomeSlice slice = some_steps(s);
    const auto [first, positions] = slice.resolve(s.size());
    const std::string bytes = some_bytes(one_in(6) ? below(3) : positions.size());
    const auto action = [&] { s.array.assign_slice(slice.from(), slice.to(), slice.step, bytes); };
    if (slice.step == 1) {
      change(s, std::string(s.model()).replace(first, positions.size(), bytes), action);
    } else if (bytes.empty()) {
      change(s, without(s.model(), positions), action);
    } else if (done(bytes.size() == positions.size() ? Refusal::None : Refusal::Invalid, action)) {
      for (std::size_t i = 0; i < bytes.size(); ++i) s.model()[positions[i]] = bytes[i];
    }
  }

  /// A part of the array to another place in it, now and then of the same size.
  void do_assign_own(ArraySubject& s) {
    const auto [from, count] = own_part(s);
    const ByteSpan part = s.array.span().subspan(from, count);
    const std::string bytes = s.model().substr(from, count);
    const std::size_t to = below(s.size() + 1);
    const std::size_t replaced = std::min(one_in(2) ? count : below(300), s.size() - to);
    if (replaced == count && one_in(2)) {
      // The same bytes in the other order: they overlap in memory.
      const std::size_t last = to + count;
      std::string expected = s.model();
      std::reverse_copy(bytes.begin(), bytes.end(),
                        expected.begin() + static_cast<std::ptrdiff_t>(to));
      if (count == 0) return;
      const SliceBound stop = to == 0 ? SliceBound(std::nullopt) : SliceBound(to - 1);
      change(s, expected, [&] { s.array.assign_slice(last - 1, stop, -1, part); });
      return;
    }
    change(s, std::string(s.model()).replace(to, replaced, bytes),
           [&] { s.array.assign_slice(to, to + replaced, part); });
  }

  void do_repeat(ArraySubject& s) {
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(below(s.size() < 2000 ? 5 : 3)) - 1;
    std::string expected;
    for (std::ptrdiff_t i = 0; i < count; ++i) expected += s.model();
    change(s, std::move(expected), [&] { s.array *= count; });
  }

  // --- room --------------------------------------------------------------------------------------

  void do_resize(ArraySubject& s) {
    const std::size_t size = one_in(4) ? s.size() : some_size();
    std::string expected = s.model();
    expected.resize(size, 'R');
    change(s, std::move(expected), [&] { s.array.resize(size, byte_of('R')); });
  }

  void do_reserve(ArraySubject& s) {
    const std::size_t wanted = some_size();
    if (done(pinned_if(wanted > s.array.capacity(), s), [&] { s.array.reserve(wanted); })) {
      same(s.array.capacity() >= wanted, true, "room");
    }
  }

  void do_compact(ArraySubject& s) {
    if (done(pinned_if(s.array.retained_bytes() != s.size(), s), [&] { s.array.compact(); })) {
      same(s.array.retained_bytes(), s.size(), "memory kept");
    }
  }

  // --- handing on --------------------------------------------------------------------------------

  void do_freeze(ArraySubject& s) {
    const std::byte* const data = s.array.data();
    Bytes frozen;
    if (!done(pinned_if(true, s), [&] { frozen = s.array.freeze(); })) return;
    same(frozen.empty() || frozen.data() == data, true, "memory handed on");
    keep(s, std::move(frozen), s.model());
    renew(s, "");
  }

  /// From a part of Bytes, whose memory it takes over when it is the only handle.
  void do_from_bytes(ArraySubject& s) {
    const SomeSlice slice = some_slice(s);
    const std::string content = at(s.model(), slice.positions(s.size()));
    Bytes part = Bytes(s.array).slice(slice.from(), slice.to());
    const std::byte* const data = part.data();
    const bool shared = one_in(2);
    if (shared) keep(s, part, content);
    ByteArray made(std::move(part));
    same(made.empty() || (made.data() == data) == !shared, true, "memory taken over");
    s.array = std::move(made);
    renew(s, content);
  }

  void do_copy(ArraySubject& s) {
    auto twin = std::make_unique<ArraySubject>();
    twin->array = one_in(2) ? ByteArray(s.array) : s.array.copy();
    renew(*twin, s.model());
    check(*twin);
    subjects_.push_back(std::move(twin));
  }

  void do_copy_assign(ArraySubject& s) {
    const ArraySubject& from = *subjects_[below(subjects_.size())];
    s.array = from.array;
    renew(s, from.model());
  }

  void do_move(ArraySubject& s) {
    ByteArray other(std::move(s.array));
    same(s.array.size(), 0u, "size of what was moved from");
    same(s.array.capacity(), 0u, "room of what was moved from");
    s.array.append(byte_of('M'));
    s.array = std::move(other);
  }

  /// Takes another array's memory, and with it that one's views.
  void do_move_assign(ArraySubject& s) {
    ArraySubject& from = *subjects_[below(subjects_.size())];
    s.array = std::move(from.array);
    if (&from == &s) return;
    s.memory = from.memory;
    renew(from, "");
  }

  void do_swap(ArraySubject& s) {
    ArraySubject& other = *subjects_[below(subjects_.size())];
    s.array.swap(other.array);
    s.memory.swap(other.memory);
  }

  // --- views -------------------------------------------------------------------------------------

  ArrayView& take_view(ArraySubject& s, bool writable) {
    const SomeSlice slice = one_in(3) ? some_steps(s) : SomeSlice{};
    ArrayView taken{s.memory, slice.positions(s.size()), {}, {}};
    if (writable) {
      taken.writable = MutableMemoryView(s.array).slice(slice.from(), slice.to(), slice.step);
      taken.view = *taken.writable;
    } else {
      taken.view = MemoryView(s.array).slice(slice.from(), slice.to(), slice.step);
    }
    views_.push_back(std::move(taken));
    return views_.back();
  }

  void do_view(ArraySubject& s) { take_view(s, one_in(2)); }

  /// Through any view of this array, or through one whose array has gone.
  void do_write_view(ArraySubject& s) {
    const auto found = std::find_if(views_.begin(), views_.end(), [&](const ArrayView& v) {
      return v.writable && (v.memory == s.memory || v.memory.use_count() == 1);
    });
    const ArrayView& chosen = found != views_.end() ? *found : take_view(s, true);
    if (one_in(4)) {
      chosen.writable->fill('F');
      for (const std::size_t offset : chosen.at) (*chosen.memory)[offset] = 'F';
    } else if (!chosen.at.empty()) {
      const std::size_t item = below(chosen.at.size());
      (*chosen.writable)[item] = byte_of('V');
      (*chosen.memory)[chosen.at[item]] = 'V';
    }
  }

  // --- reading -----------------------------------------------------------------------------------

  void do_read_write(ArraySubject& s) {
    const std::size_t offset = below(s.size() + 2);
    const auto order = one_in(2) ? std::endian::little : std::endian::big;
    std::uint32_t value = 0x61626364;
    const bool fits = s.size() >= 4 && offset <= s.size() - 4;
    const Refusal refusal = fits ? Refusal::None : Refusal::OutOfRange;
    done(refusal, [&] { s.array.template write<std::uint32_t>(offset, value, order); });
    if (fits) s.model().replace(offset, 4, order == std::endian::big ? "abcd" : "dcba");
    if (done(refusal, [&] { value = s.array.template read<std::uint32_t>(offset, order); })) {
      same(value, 0x61626364u, "number read");
    }
  }

  void do_slice(ArraySubject& s) {
    const SomeSlice slice = some_steps(s);
    const std::string expected = at(s.model(), slice.positions(s.size()));
    same(text(s.array.slice(slice.from(), slice.to(), slice.step)), expected, "slice with steps");
    SomeSlice whole = slice;
    whole.step = 1;
    ByteArray part = s.array.slice(slice.from(), slice.to());
    same(text(part), at(s.model(), whole.positions(s.size())), "slice");
    part.extend("independent");
  }

  void do_find(ArraySubject& s) {
    const std::string needle = some_bytes(1 + below(2));
    const std::size_t start = below(s.size() + 1);
    same(s.array.find(needle, start), s.model().find(needle, start), "offset found");
    same(s.array.rfind(needle), s.model().rfind(needle), "offset found from behind");
    std::size_t count = 0;
    for (std::size_t i = s.model().find(needle); i != npos;
         i = s.model().find(needle, i + needle.size())) {
      ++count;
    }
    same(s.array.count(needle), count, "occurrences");
    same(s.array.contains(needle), count != 0, "contains");
    same(s.array.startswith(needle), s.model().starts_with(needle), "startswith");
    same(s.array.endswith(needle), s.model().ends_with(needle), "endswith");
  }

  void do_partition(ArraySubject& s) {
    const auto parts = s.array.partition("\n");
    const std::size_t cut = s.model().find('\n');
    same(text(parts[0]), s.model().substr(0, cut), "part before");
    same(text(parts[2]), cut == npos ? "" : s.model().substr(cut + 1), "part behind");
    std::string joined;
    for (const ByteArray& part : s.array.split("\n")) joined += text(part) + "\n";
    joined.pop_back();
    same(joined, s.model(), "parts joined");
  }

  void do_replace(ArraySubject& s) {
    std::string expected = s.model();
    std::replace(expected.begin(), expected.end(), 'a', 'b');
    const ByteArray replaced = s.array.replace("a", "b");
    same(text(replaced), expected, "replaced");
    for (char& c : expected) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    same(text(replaced.upper()), expected, "upper");
  }

  void do_compare(ArraySubject& s) {
    const ArraySubject& other = *subjects_[below(subjects_.size())];
    same(s.array == other.array, s.model() == other.model(), "equality");
    same(s.array < other.array, s.model() < other.model(), "order");
    same(s.array == ByteSpan(other.model()), s.model() == other.model(), "equality with bytes");
  }

  void do_add(ArraySubject& s) {
    const ByteArray sum = s.array + ByteSpan("end");
    same(text(sum), s.model() + "end", "sum");
    same(text(s.array * 2), s.model() + s.model(), "product");
  }

  // --- after each step ---------------------------------------------------------------------------

  void check(const ArraySubject& s) const {
    same(s.array.size(), s.size(), "size afterwards");
    same(std::string_view(s.array), std::string_view(s.model()), "content afterwards");
    same(s.array.capacity() >= s.size(), true, "room afterwards");
    same(s.array.retained_bytes() >= s.array.capacity(), true, "memory afterwards");
    for (const Kept& kept : s.kept) {
      same(std::string_view(kept.bytes), std::string_view(kept.expected), "content of a handle");
    }
  }

  void check(const ArrayView& v) const {
    same(v.view.size(), v.at.size(), "size of a view");
    if (v.view.c_contiguous() && !v.at.empty()) {
      same(std::string_view(ByteSpan(v.view).as_chars()),
           std::string_view(*v.memory).substr(v.at.front(), v.at.size()), "content of a view");
      return;
    }
    for (std::size_t i = 0; i < v.at.size(); ++i) {
      same(v.view[i], byte_of((*v.memory)[v.at[i]]), "content of a view");
    }
  }

  /// Drops handles, views and arrays now and then, in any order, and starts new arrays.
  void let_go() {
    while (views_.size() > 5 || (!views_.empty() && one_in(20))) drop_one(views_);
    for (const auto& s : subjects_) {
      while (s->kept.size() > 2 || (!s->kept.empty() && one_in(20))) drop_one(s->kept);
    }
    while (subjects_.size() > 4 || (subjects_.size() > 1 && one_in(30))) drop_one(subjects_);
    // Long ones take most of the time, short ones show little.
    ArraySubject& s = *subjects_[below(subjects_.size())];
    if (s.size() > 6000 || (s.size() < 40 && one_in(4))) {
      std::string content = some_bytes();
      s.array = ByteArray(content);
      renew(s, std::move(content));
    }
  }

  template <class Things>
  void drop_one(Things& things) {
    std::swap(things[below(things.size())], things.back());
    things.pop_back();
  }

  std::vector<std::unique_ptr<ArraySubject>> subjects_;
  std::vector<ArrayView> views_;
  Counts<kArrayStates.size()> counts_;
};

}  // namespace quire::test
