// StreamMachine: random operations on BytesIO, compared step by step with a slow obvious model: the
// streams, and every snapshot, slice, clone and view ever taken from them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "quire/bytes_io.h"
#include "support/machine.h"
#include "support/stream_model.h"

namespace quire::test {

/// Who else holds the stream's memory, without a size_limit and with one. Streams over a fixed buffer
/// are never shared; there it matters what they do when it is full.
enum class State {
  Alone,
  Shared,
  Viewed,
  Limited,
  LimitedShared,
  LimitedViewed,
  FixedThrow,
  FixedShort,
};

inline constexpr std::array<const char*, 8> kStates = {
    "alone", "shared", "viewed", "limited", "l. shared", "l. viewed", "throws", "short"};

inline constexpr std::size_t kFixedSize = 3000;

/// One stream under test with all that hangs on it.
struct Subject {
  BytesIO stream;
  StreamModel model;
  std::vector<MutableMemoryView> views;
  /// Past this writes are refused: the size_limit.
  std::size_t limit = npos;
  /// The fixed buffer, if it is that which limits.
  std::unique_ptr<std::array<std::byte, kFixedSize>> memory = nullptr;
  WhenFull when_full = WhenFull::Throw;
};

/// See Machine.
template <class Choices>
class StreamMachine : public Machine<Choices> {
 public:
  explicit StreamMachine(Choices choices) : Machine<Choices>(std::move(choices)) {
    subjects_.push_back(Subject{});
  }

  [[nodiscard]] const auto& counts() const noexcept { return counts_; }

  void step() {
    static const std::vector<std::pair<const char*, Operation>> kOperations = {
        {"read", &StreamMachine::do_read},
        {"readline", &StreamMachine::do_readline},
        {"readlines", &StreamMachine::do_readlines},
        {"peek", &StreamMachine::do_peek},
        {"readinto", &StreamMachine::do_readinto},
        {"read_at", &StreamMachine::do_read_at},
        {"write", &StreamMachine::do_write},
        {"write own", &StreamMachine::do_write_own},
        {"writelines", &StreamMachine::do_writelines},
        {"write_at", &StreamMachine::do_write_at},
        {"seek", &StreamMachine::do_seek},
        {"truncate", &StreamMachine::do_truncate},
        {"resize", &StreamMachine::do_resize},
        {"clear", &StreamMachine::do_clear},
        {"reserve", &StreamMachine::do_reserve},
        {"compact", &StreamMachine::do_compact},
        {"getvalue", &StreamMachine::do_getvalue},
        {"slice", &StreamMachine::do_slice},
        {"find", &StreamMachine::do_find},
        {"getbuffer", &StreamMachine::do_getbuffer},
        {"write view", &StreamMachine::do_write_view},
        {"move", &StreamMachine::do_move},
        {"clone", &StreamMachine::do_clone},
        {"adopt", &StreamMachine::do_adopt},
        {"close", &StreamMachine::do_close},
        {"from bytes", &StreamMachine::do_from_bytes}};
    const std::size_t chosen = below(subjects_.size());
    const auto& [name, operation] = kOperations[below(kOperations.size())];
    running_ = name;
    ++counts_[name][static_cast<std::size_t>(state_of(subjects_[chosen]))];
    // clone adds a subject: no reference into the vector may be held over it.
    Subject subject = std::move(subjects_[chosen]);
    (this->*operation)(subject);
    check(subject);
    subjects_[chosen] = std::move(subject);
    let_go();
    check_kept();
  }

 private:
  using Operation = void (StreamMachine::*)(Subject&);

  // About as much as some_bytes makes, so that limits are met.
  static constexpr std::size_t kMostLimit = 4097;

  using Machine<Choices>::below;
  using Machine<Choices>::one_in;
  using Machine<Choices>::running_;
  using Machine<Choices>::same;
  using Machine<Choices>::some_bytes;
  using Machine<Choices>::some_size;
  using Machine<Choices>::text;

  std::size_t some_offset(const Subject& s) {
    return one_in(5) ? s.model.data.size() + below(200) : below(s.model.data.size() + 1);
  }

  State state_of(const Subject& s) const {
    if (s.memory) return s.when_full == WhenFull::Throw ? State::FixedThrow : State::FixedShort;
    const bool limited = s.limit != npos;
    if (!s.views.empty()) return limited ? State::LimitedViewed : State::Viewed;
    // Kept handles may be of older blocks; what counts is a share in the present one.
    const Bytes probe = s.stream.slice(0, 1);
    if (probe.block() != nullptr && probe.block()->owner_count() > 2) {
      return limited ? State::LimitedShared : State::Shared;
    }
    return limited ? State::Limited : State::Alone;
  }

  /// Runs `action`; whether it threw must be what the model foresaw.
  template <class Error, class Action>
  bool expect_throw_if(bool refused, Action action) {
    try {
      action();
    } catch (const Error&) {
      same(true, refused, "was refused");
      return false;
    }
    same(false, refused, "was not refused");
    return true;
  }

  enum class Refusal { None, Full, Pinned };

  /// How setting the size, or writing up to it, must be refused.
  static Refusal refusal(const Subject& s, std::size_t size, bool resizes) {
    if (size > s.limit) return Refusal::Full;
    return resizes && !s.memory && !s.views.empty() ? Refusal::Pinned : Refusal::None;
  }

  static Refusal write_refusal(const Subject& s, std::size_t offset, std::size_t count) {
    if (count == 0) return Refusal::None;
    return refusal(s, offset + count, s.model.write_resizes(offset, count));
  }

  /// How much of a write is written at all, if it is not refused.
  static std::size_t fitting(const Subject& s, std::size_t offset, std::size_t count) {
    if (s.when_full == WhenFull::Throw) return count;
    return std::min(count, s.limit - std::min(offset, s.limit));
  }

  /// Runs `action`; whether it was allowed, which must be as foreseen.
  template <class Action>
  bool allowed(Refusal foreseen, Action action) {
    return foreseen == Refusal::Full
               ? expect_throw_if<std::length_error>(true, action)
               : expect_throw_if<BufferError>(foreseen == Refusal::Pinned, action);
  }

  /// Runs `action`, which writes `bytes` at `offset` and returns how many; whether it was allowed.
  /// Leaves in `bytes` what the model is to write.
  template <class Action>
  bool write_allowed(Subject& s, std::size_t offset, std::string& bytes, Action action) {
    const std::size_t count = fitting(s, offset, bytes.size());
    std::size_t written = count;
    const bool done = allowed(write_refusal(s, offset, count), [&] { written = action(); });
    same(written, count, "bytes written");
    bytes.resize(count);
    return done;
  }

  void keep(Bytes bytes, std::string expected) {
    same(text(bytes), expected, "bytes returned");
    if (one_in(2)) kept_.push_back({std::move(bytes), std::move(expected)});
  }

  void do_read(Subject& s) {
    const auto size = one_in(8) ? std::ptrdiff_t{-1} : static_cast<std::ptrdiff_t>(some_size());
    Bytes result = s.stream.read(size);
    keep(std::move(result), s.model.read(size));
  }

  void do_readline(Subject& s) {
    const auto size = one_in(2) ? std::ptrdiff_t{-1} : static_cast<std::ptrdiff_t>(below(100));
    Bytes result = s.stream.readline(size);
    keep(std::move(result), s.model.readline(size));
  }

  void do_readlines(Subject& s) {
    const std::size_t hint = below(400);
    std::size_t total = 0;
    for (Bytes& line : s.stream.readlines(static_cast<std::ptrdiff_t>(hint))) {
      total += line.size();
      keep(std::move(line), s.model.readline(-1));
    }
    const bool at_end = s.model.position >= s.model.data.size();
    same(at_end || (hint != 0 && total >= hint), true, "lines up to the hint");
  }

  void do_peek(Subject& s) {
    const std::size_t size = some_size();
    const std::size_t most = size == 0 ? kDefaultBufferSize : size;
    keep(s.stream.peek(static_cast<std::ptrdiff_t>(size)), s.model.read_at(s.model.position, most));
  }

  void do_readinto(Subject& s) {
    std::string target(some_size(), '?');
    target.resize(s.stream.readinto(target));
    same(target, s.model.read(static_cast<std::ptrdiff_t>(target.size())), "bytes filled");
  }

  void do_read_at(Subject& s) {
    const std::size_t offset = some_offset(s);
    const std::size_t size = some_size();
    keep(s.stream.read_at(offset, size), s.model.read_at(offset, size));
  }

  void do_write(Subject& s) {
    const std::string bytes = some_bytes();
    std::string written = bytes;
    if (write_allowed(s, s.model.position, written, [&] { return s.stream.write(bytes); })) {
      s.model.write(written);
    }
  }

  void do_write_own(Subject& s) {
    const std::size_t from = below(s.model.data.size() + 1);
    const std::size_t count = std::min(some_size(), s.model.data.size() - from);
    std::string bytes = s.model.read_at(from, count);
    if (write_allowed(s, s.model.position, bytes,
                      [&] { return s.stream.write(s.stream.slice(from, from + count)); })) {
      s.model.write(bytes);
    }
  }

  void do_writelines(Subject& s) {
    const std::vector<std::string> items = {some_bytes(), some_bytes()};
    Refusal met = Refusal::None;
    try {
      s.stream.writelines(items);
    } catch (const BufferError&) {
      met = Refusal::Pinned;
    } catch (const std::length_error&) {
      met = Refusal::Full;
    }
    // What stands before the item that was refused stays written.
    Refusal foreseen = Refusal::None;
    for (const std::string& item : items) {
      const std::size_t count = fitting(s, s.model.position, item.size());
      foreseen = write_refusal(s, s.model.position, count);
      if (foreseen != Refusal::None) break;
      s.model.write(item.substr(0, count));
      if (count != item.size()) foreseen = Refusal::Full;
      if (foreseen != Refusal::None) break;
    }
    same(met, foreseen, "an item was refused");
  }

  void do_write_at(Subject& s) {
    const std::size_t offset = some_offset(s);
    const std::string bytes = some_bytes();
    std::string written = bytes;
    if (write_allowed(s, offset, written, [&] { return s.stream.write_at(offset, bytes); })) {
      s.model.write_at(offset, written);
    }
  }

  void do_seek(Subject& s) {
    s.model.position = some_offset(s);
    const std::size_t reached = s.stream.seek(static_cast<std::ptrdiff_t>(s.model.position));
    same(reached, s.model.position, "position returned");
  }

  void do_truncate(Subject& s) {
    const std::size_t size = one_in(3) ? below(s.model.data.size() + 1) : some_offset(s);
    const bool cuts = size < s.model.data.size();
    if (allowed(cuts ? refusal(s, size, true) : Refusal::None, [&] { s.stream.truncate(size); })) {
      s.model.truncate(size);
    }
  }

  void do_resize(Subject& s) {
    const std::size_t size = some_size();
    if (allowed(refusal(s, size, size != s.model.data.size()), [&] { s.stream.resize(size); })) {
      s.model.data.resize(size, '\0');
    }
  }

  void do_clear(Subject& s) {
    if (allowed(refusal(s, 0, !s.model.data.empty()), [&] { s.stream.clear(); })) {
      s.model = StreamModel{};
    }
  }

  void do_reserve(Subject& s) {
    const std::size_t wanted = some_size();
    if (wanted > s.limit) {
      expect_throw_if<std::length_error>(true, [&] { s.stream.reserve(wanted); });
      return;
    }
    // A view pins the room as well, but only where more of it is needed.
    try {
      s.stream.reserve(wanted);
    } catch (const BufferError&) {
      same(false, s.views.empty(), "refused without a view");
    }
  }

  void do_compact(Subject& s) {
    try {
      s.stream.compact();
    } catch (const BufferError&) {
      same(false, s.views.empty(), "refused without a view");
    }
  }

  void do_getvalue(Subject& s) { keep(s.stream.getvalue(), s.model.data); }

  void do_slice(Subject& s) {
    const std::size_t from = below(s.model.data.size() + 1);
    const std::size_t to = from + below(s.model.data.size() - from + 1);
    keep(s.stream.slice(from, to), s.model.data.substr(from, to - from));
  }

  void do_find(Subject& s) {
    const std::string needle(1 + below(2), static_cast<char>('a' + below(26)));
    const std::size_t start = below(s.model.data.size() + 1);
    same(s.stream.find(needle, start), s.model.data.find(needle, start), "offset found");
  }

  void do_getbuffer(Subject& s) {
    s.views.push_back(s.stream.getbuffer());
    same(s.views.back().size(), s.model.data.size(), "size of the view");
  }

  void do_write_view(Subject& s) {
    if (s.views.empty()) s.views.push_back(s.stream.getbuffer());
    const MutableMemoryView& view = s.views[below(s.views.size())];
    if (view.size() == 0) return;
    const std::size_t at = below(view.size());
    view[static_cast<std::ptrdiff_t>(at)] = std::byte{'V'};
    // Views of a fixed buffer may be longer or shorter than the stream has become.
    if (at < s.model.data.size()) s.model.data[at] = 'V';
  }

  void do_move(Subject& s) {
    BytesIO other(std::move(s.stream));
    s.stream = std::move(other);
  }

  void do_clone(Subject& s) {
    Subject twin{one_in(2) ? s.stream.clone() : s.stream.reader(), s.model, {}};
    twin.model.position = twin.stream.tell();
    // Of a fixed buffer there is only a copy, with nothing to limit it.
    if (!s.memory) twin.limit = s.limit;
    subjects_.push_back(std::move(twin));
  }

  void do_adopt(Subject& s) {
    subjects_.push_back(Subject{BytesIO::adopt(std::string(s.model.data)), {s.model.data, 0}, {}});
  }

  /// Closes the stream, sees that it is closed and its views are not, and opens another one.
  void do_close(Subject& s) {
    s.stream.close();
    expect_throw_if<ClosedError>(true, [&] { s.stream.write("x"); });
    expect_throw_if<ClosedError>(true, [&] { (void)s.stream.read(); });
    for (const MutableMemoryView& view : s.views) {
      if (!s.memory) same(text(ByteSpan(view)), s.model.data, "content of a view after close");
    }
    s.views.clear();
    s.stream = s.memory ? BytesIO::over(*s.memory, s.when_full)
                        : BytesIO(ByteSpan(s.model.data), {.size_limit = s.limit});
    s.model = StreamModel{s.memory ? std::string() : s.model.data, 0};
  }

  void do_from_bytes(Subject& s) {
    const std::size_t limit = one_in(3) ? npos : below(kMostLimit);
    expect_throw_if<std::length_error>(s.model.data.size() > limit, [&] {
      subjects_.push_back(Subject{
          BytesIO(s.stream.getvalue(), {.size_limit = limit}), {s.model.data, 0}, {}, limit});
    });
  }

  void check(const Subject& s) const {
    same(s.stream.tell(), s.model.position, "position afterwards");
    same(s.stream.size(), s.model.data.size(), "size afterwards");
    same(s.stream.capacity() <= s.limit, true, "capacity within the limit afterwards");
    // Not through getvalue, which would change who shares what.
    same(s.stream.find(s.model.data), 0u, "content afterwards");
    if (s.memory) return;
    for (const MutableMemoryView& view : s.views) {
      same(text(ByteSpan(view)), s.model.data, "content of a view afterwards");
    }
  }

  void check_kept() const {
    for (const Kept& kept : kept_) same(text(kept.bytes), kept.expected, "content of a handle");
  }

  /// Drops handles, views and streams now and then, in any order, and starts new streams.
  void let_go() {
    while (kept_.size() > 12 || (!kept_.empty() && one_in(12))) {
      std::swap(kept_[below(kept_.size())], kept_.back());
      kept_.pop_back();
    }
    for (Subject& s : subjects_) {
      if (!s.views.empty() && one_in(32)) s.views.erase(s.views.begin());
      if (s.views.size() > 3) s.views.clear();
    }
    while (subjects_.size() > 6 || (subjects_.size() > 1 && one_in(40))) {
      std::swap(subjects_[below(subjects_.size())], subjects_.back());
      subjects_.pop_back();
    }
    if (one_in(30)) {
      Subject fixed;
      fixed.limit = kFixedSize;
      fixed.memory = std::make_unique<std::array<std::byte, kFixedSize>>();
      fixed.when_full = one_in(2) ? WhenFull::Short : WhenFull::Throw;
      fixed.stream = BytesIO::over(*fixed.memory, fixed.when_full);
      subjects_.push_back(std::move(fixed));
    }
    if (one_in(30)) {
      const std::size_t limit = one_in(3) ? npos : below(kMostLimit);
      subjects_.push_back(Subject{BytesIO(StorageOptions{.size_limit = limit}), {}, {}, limit});
    }
  }

  std::vector<Subject> subjects_;
  std::vector<Kept> kept_;
  Counts<kStates.size()> counts_;
};

}  // namespace quire::test
