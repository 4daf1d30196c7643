// StorageMachine: random operations on streams in every tier of the storage, and on all handles taken
// from them, beside the slow obvious model; with system calls that fail, handles that go on another
// thread, and forked processes in which both sides go on.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "quire/bytes_io.h"
#include "support/machine.h"
#include "support/page_faults.h"
#include "support/storage.h"
#include "support/stream_model.h"

namespace quire::test {

using detail::Range;

/// What a stream was in when an operation ran.
struct StorageState {
  enum class Tier : std::uint8_t { Heap, Mapped, Paged };

  static constexpr std::size_t kCount = 3 * 2 * 2 * 2 * 2;

  Tier tier;
  bool outside;  ///< somebody else has its bytes, or pages of the same file
  bool viewed;   ///< a writable view lives
  bool forked;   ///< in a child process, and older than that
  bool failing;  ///< system calls are being refused

  [[nodiscard]] static constexpr StorageState at(std::size_t index) noexcept {
    return {static_cast<Tier>(index / 16), (index & 8) != 0, (index & 4) != 0, (index & 2) != 0,
            (index & 1) != 0};
  }

  [[nodiscard]] constexpr std::size_t index() const noexcept {
    return static_cast<std::size_t>(tier) * 16 + (outside ? 8 : 0) + (viewed ? 4 : 0) +
           (forked ? 2 : 0) + (failing ? 1 : 0);
  }
};

/// What ran how often. In memory that forked processes share, it counts for all of them.
struct StorageCounts {
  static constexpr std::size_t kOperations = 25;

  std::array<std::array<std::atomic<std::size_t>, StorageState::kCount>, kOperations> ran{};
  std::atomic<std::size_t> refused_calls = 0;
  std::atomic<std::size_t> steps = 0;
  std::atomic<std::size_t> forks = 0;
};

/// See Machine.
template <class Choices>
class StorageMachine : public Machine<Choices> {
 public:
  StorageMachine(Choices choices, StorageCounts& counts)
      : Machine<Choices>(std::move(choices)), counts_(counts) {
    subjects_.push_back(new_subject());
  }

  StorageMachine(const StorageMachine&) = delete;
  StorageMachine& operator=(const StorageMachine&) = delete;

  ~StorageMachine() {
    if (dropper_.joinable()) dropper_.join();
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }

  /// Lets processes fork now and then, where the choices can be made anew for the child.
  void allow_forks() noexcept { forks_allowed_ = std::constructible_from<Choices, std::uint64_t>; }

  [[nodiscard]] static const char* name_of(std::size_t operation) {
    return kOperations[operation].name;
  }

  void step() {
    // New subjects may come: no reference into the vector may be held over that.
    const std::size_t chosen = choose();
    Subject subject = std::move(subjects_[chosen]);
    subjects_.erase(subjects_.begin() + static_cast<std::ptrdiff_t>(chosen));
    bring_into_state(subject);
    StorageState state = state_of(subject);
    subject.last_state = state.index();
    ++in_state_[subject.last_state];
    const std::size_t operation = below(kOperations.size());
    const auto [name, run] = kOperations[operation];
    running_ = name;
    {
      std::optional<PageFaults> faults;
      state.failing = one_in(2);
      if (state.failing) faults.emplace(some_fault(run == &StorageMachine::do_drop_elsewhere));
      (this->*run)(subject);
      if (state.failing) counts_.refused_calls += PageFaults::refused();
    }
    ++counts_.ran[operation][state.index()];
    ++counts_.steps;
    check(subject);
    subjects_.push_back(std::move(subject));
    check_kept();
    let_go();
    ++tick_;
    if (forks_allowed_ && child_ >= 0 && one_in(kStepsBetweenForks)) fork();
  }

  /// Looks at every byte of all that lives, in the child processes too.
  void finish() {
    running_ = "finish";
    join();
    for (const Subject& s : subjects_) check_all(s);
    for (const Held& held : kept_) check_all(held);
    reap();
  }

 private:
  /// In what company a stream is to be for a while.
  struct Wish {
    bool views;
    bool handles;
  };

  struct Subject {
    BytesIO stream;
    StreamModel model;
    std::vector<MutableMemoryView> views = {};
    StorageOptions options = {};
    /// About as large as it gets.
    std::size_t most = 0;
    /// Who may share memory with whom.
    std::size_t family = 0;
    bool forked = false;
    Wish wants = {};
    std::size_t last_state = 0;
  };

  struct Held : Kept {
    std::size_t family;
  };

  struct Operation {
    const char* name;
    void (StorageMachine::*run)(Subject&);
  };

  // Then page calls, mappings, files and boundaries of large blocks are as many as in a stream of
  // many megabytes, and a step takes microseconds.
  static constexpr std::array<std::size_t, 8> kMost = {
      6 * kPage, 6 * kPage, 6 * kPage, 40 * kPage, 40 * kPage, 80 * kPage, 80 * kPage, 400 * kPage};

  static constexpr std::size_t kStepsBetweenForks = 80;
  static constexpr std::size_t kStepsOfAChild = 80;

  using Machine<Choices>::below;
  using Machine<Choices>::one_in;
  using Machine<Choices>::running_;
  using Machine<Choices>::same;

  static const std::array<Operation, StorageCounts::kOperations> kOperations;

  /// Any subject, or the one in the state that has been seen least.
  std::size_t choose() {
    std::size_t chosen = below(subjects_.size());
    if (one_in(3)) return chosen;
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
      const auto seen = [&](std::size_t at) { return in_state_[subjects_[at].last_state]; };
      if (seen(i) < seen(chosen)) chosen = i;
    }
    return chosen;
  }

  // --- choices -----------------------------------------------------------------------------------

  Wish some_wish() { return {one_in(2), one_in(2)}; }

  Subject new_subject() {
    Subject made{};
    made.family = ++last_family_;
    made.wants = some_wish();
    made.most = kMost[below(kMost.size())];
    const std::size_t kind = below(12);
    made.options.tier = kind == 0  ? StorageOptions::Tier::heap
                        : kind < 9 ? StorageOptions::Tier::automatic
                                   : StorageOptions::Tier::paged;
    made.stream = BytesIO(made.options);
    // Large enough for a mapping, however little is in it.
    if (kind > 1 && kind < 9) made.stream.reserve(kMib + below(kMib));
    made.model.data = fresh(below(made.most));
    made.stream.write(made.model.data);
    made.model.position = made.model.data.size();
    return made;
  }

  /// Bytes that are hardly anywhere yet.
  std::string fresh(std::size_t size) {
    static const std::string pool = pattern(4 * kMib);
    last_fresh_ = last_fresh_ * 6364136223846793005 + 1442695040888963407;
    return pool.substr((last_fresh_ >> 32) % (pool.size() - size), size);
  }

  std::size_t some_offset(const Subject& s) {
    const std::size_t size = s.model.data.size();
    switch (below(6)) {
      case 0:
        return size + below(2 * kPage);
      case 1:
        return size;
      case 2:
        return below(size / kPage + 1) * kPage;
      default:
        return below(size + 1);
    }
  }

  /// As many bytes as may be written from there on.
  std::size_t some_count(const Subject& s, std::size_t from) {
    const std::size_t room = s.most - std::min(from, s.most);
    std::size_t count = 0;
    switch (below(8)) {
      case 0:
        count = below(6) * kPage;
        break;
      case 1:
        count = below(6) * kPage + 1;
        break;
      case 2:
        count = below(40 * kPage);
        break;
      case 3:
        count = below(room + 1);
        break;
      default:
        count = below(300);
    }
    return std::min(count, room);
  }

  PageFault some_fault(bool others_may_read) {
    PageFault fault{};
    fault.after = below(3);
    fault.error = ENOMEM;
    if (one_in(4) && !others_may_read) {
      // For a moment the bytes are gone.
      join();
      fault.call = detail::pages::Call::MapOverTorn;
    } else if (one_in(2)) {
      fault.repeat = PageFault::Repeat::FromThenOn;
    }
    return fault;
  }

  // --- states ------------------------------------------------------------------------------------

  /// So that each combination of handles and views comes about, and lasts.
  void bring_into_state(Subject& s) {
    running_ = "getting ready";
    if (one_in(16)) s.wants = some_wish();
    if (!s.wants.handles) {
      std::erase_if(kept_, [&](const Held& held) { return held.family == s.family; });
      std::erase_if(subjects_, [&](const Subject& other) { return other.family == s.family; });
    } else if (!has_handle(s) && !s.model.data.empty()) {
      keep(s, s.stream.getvalue(), s.model.data);
    }
    if (!s.wants.views) {
      s.views.clear();
    } else if (s.views.empty()) {
      s.views.push_back(s.stream.getbuffer());
    }
  }

  [[nodiscard]] bool has_handle(const Subject& s) const {
    return std::any_of(kept_.begin(), kept_.end(),
                       [&](const Held& held) { return held.family == s.family; });
  }

  [[nodiscard]] bool has_relative(const Subject& s) const {
    return has_handle(s) ||
           std::any_of(subjects_.begin(), subjects_.end(),
                       [&](const Subject& other) { return other.family == s.family; });
  }

  [[nodiscard]] StorageState state_of(Subject& s) const {
    StorageState state{StorageState::Tier::Heap, false, !s.views.empty(), s.forked, false};
    const Buffer buffer = state.viewed ? s.stream.export_buffer() : Buffer();
    const Bytes probe = state.viewed ? Bytes() : s.stream.slice(0, 1);
    detail::Block* const block = state.viewed ? buffer.block() : probe.block();
    if (block != nullptr) {
      const std::string_view tier = detail::tier_of(*block);
      if (tier == "mapped") state.tier = StorageState::Tier::Mapped;
      if (tier == "paged") state.tier = StorageState::Tier::Paged;
      state.outside = !state.viewed && block->owner_count() > 2;
    }
    // A live view's stream shares no block, and a paged one its file even with a block of its own.
    if (state.viewed || state.tier == StorageState::Tier::Paged) {
      state.outside = state.outside || has_relative(s);
    }
    return state;
  }

  // --- operations --------------------------------------------------------------------------------

  /// Runs `action`, which a live view must make fail if it `resizes`. Whether it was done.
  template <class Action>
  bool allowed(const Subject& s, bool resizes, Action action) {
    const bool refused = resizes && !s.views.empty();
    try {
      action();
    } catch (const BufferError&) {
      same(true, refused, "was refused");
      return false;
    }
    same(false, refused, "was not refused");
    return true;
  }

  void keep(const Subject& s, Bytes bytes, std::string expected) {
    same(bytes.size(), expected.size(), "bytes returned");
    Held held{{std::move(bytes), std::move(expected)}, s.family};
    if (s.wants.handles) {
      check_all(held);
      kept_.push_back(std::move(held));
    } else {
      check_all(held);
    }
  }

  void put(Subject& s, std::size_t offset, const std::string& bytes) {
    touched_ = {offset, bytes.size()};
    if (allowed(s, s.model.write_resizes(offset, bytes.size()),
                [&] { s.stream.write_at(offset, bytes); })) {
      s.model.write_at(offset, bytes);
    }
  }

  void do_write(Subject& s) {
    s.model.position = some_offset(s);
    s.stream.seek(static_cast<std::ptrdiff_t>(s.model.position));
    const std::string bytes = fresh(some_count(s, s.model.position));
    touched_ = {s.model.position, bytes.size()};
    if (allowed(s, s.model.write_resizes(s.model.position, bytes.size()),
                [&] { same(s.stream.write(bytes), bytes.size(), "bytes written"); })) {
      s.model.write(bytes);
    }
  }

  /// Now and then so much that a shared file is extended rather than the bytes copied.
  void do_append(Subject& s) {
    for (std::size_t rounds = 1 + below(3); rounds != 0; --rounds) {
      const std::size_t size = s.model.data.size();
      const std::size_t room = s.most - std::min(size, s.most);
      put(s, size, fresh(one_in(4) ? std::min(room, 20 * kPage) : some_count(s, size)));
    }
  }

  void do_overwrite(Subject& s) {
    const std::size_t offset = below(s.model.data.size() + 1);
    put(s, offset,
        fresh(std::min(some_count(s, offset) % (2 * kPage), s.model.data.size() - offset)));
  }

  /// Whole pages, of which nothing old is left.
  void do_rewrite(Subject& s) {
    const std::size_t pages = s.model.data.size() / kPage;
    const std::size_t first = below(pages + 1);
    put(s, first * kPage, fresh((pages - first - below(pages - first + 1)) * kPage));
  }

  void do_write_own(Subject& s) {
    const std::size_t from = below(s.model.data.size() + 1);
    const std::size_t count = std::min(some_count(s, s.model.position), s.model.data.size() - from);
    const std::string bytes = s.model.read_at(from, count);
    touched_ = {s.model.position, count};
    if (allowed(s, s.model.write_resizes(s.model.position, count),
                [&] { s.stream.write(s.stream.slice(from, from + count)); })) {
      s.model.write(bytes);
    }
  }

  void do_read(Subject& s) {
    const auto size = one_in(4) ? std::ptrdiff_t{-1} : static_cast<std::ptrdiff_t>(below(kPage));
    Bytes bytes = s.stream.read(size);
    keep(s, std::move(bytes), s.model.read(size));
  }

  void do_readinto(Subject& s) {
    std::string target(below(3 * kPage), '?');
    target.resize(s.stream.readinto(target));
    same(target, s.model.read(static_cast<std::ptrdiff_t>(target.size())), "bytes filled");
  }

  void do_getvalue(Subject& s) { keep(s, s.stream.getvalue(), s.model.data); }

  void do_slice(Subject& s) {
    const std::size_t from = below(s.model.data.size() + 1);
    const std::size_t to = from + below(s.model.data.size() - from + 1);
    keep(s, s.stream.slice(from, to), s.model.data.substr(from, to - from));
  }

  /// One after the other, with writes between, and dropped in any order.
  void do_snapshots(Subject& s) {
    std::vector<Held> taken;
    for (std::size_t rounds = 2 + below(3); rounds != 0; --rounds) {
      taken.push_back({{s.stream.getvalue(), s.model.data}, s.family});
      do_overwrite(s);
    }
    while (!taken.empty()) {
      std::swap(taken[below(taken.size())], taken.back());
      check_all(taken.back());
      taken.pop_back();
    }
  }

  void add_twin(const Subject& s, BytesIO stream, std::string data) {
    Subject twin{std::move(stream), {std::move(data), 0}};
    twin.model.position = twin.stream.tell();
    twin.options = s.options;
    twin.most = std::max(s.most, twin.model.data.size());
    twin.family = s.family;
    twin.forked = s.forked;
    twin.wants = {one_in(2), s.wants.handles};
    subjects_.push_back(std::move(twin));
  }

  void do_reader(Subject& s) { add_twin(s, s.stream.reader(), s.model.data); }

  void do_clone(Subject& s) { add_twin(s, s.stream.clone(), s.model.data); }

  /// A stream that does not start where its block does.
  void do_from_bytes(Subject& s) {
    const std::size_t from = below(std::min(s.model.data.size(), 3 * kPage) + 1);
    add_twin(s, BytesIO(s.stream.slice(from), s.options), s.model.data.substr(from));
  }

  void do_adopt(Subject& s) {
    Subject other = new_subject();
    other.model = {s.model.data, 0};
    other.most = std::max(other.most, s.most);
    other.stream = BytesIO::adopt(std::string(s.model.data));
    other.options = {};
    subjects_.push_back(std::move(other));
  }

  void do_getbuffer(Subject& s) {
    s.views.push_back(s.stream.getbuffer());
    same(s.views.back().size(), s.model.data.size(), "size of the view");
  }

  void do_write_view(Subject& s) {
    if (s.views.empty()) s.views.push_back(s.stream.getbuffer());
    const MutableByteSpan view = s.views[below(s.views.size())];
    const std::size_t at = below(view.size() + 1);
    const std::string bytes = fresh(std::min(some_count(s, at), view.size() - at));
    if (!bytes.empty()) std::memcpy(view.data() + at, bytes.data(), bytes.size());
    s.model.write_at(at, bytes);
    touched_ = {at, bytes.size()};
  }

  /// Then what was written through it is the stream's own as before.
  void do_release_view(Subject& s) {
    do_write_view(s);
    s.views.clear();
    if (one_in(2)) keep(s, s.stream.getvalue(), s.model.data);
    do_overwrite(s);
  }

  void do_truncate(Subject& s) {
    const std::size_t size = one_in(6) ? 0 : below(s.model.data.size() + 1);
    if (allowed(s, size < s.model.data.size(), [&] { s.stream.truncate(size); })) {
      s.model.truncate(size);
    }
  }

  void do_resize(Subject& s) {
    const std::size_t size = std::min(s.most, some_offset(s));
    touched_ = {s.model.data.size(), size - std::min(size, s.model.data.size())};
    if (allowed(s, size != s.model.data.size(), [&] { s.stream.resize(size); })) {
      s.model.data.resize(size, '\0');
    }
  }

  void do_reserve(Subject& s) {
    const std::size_t room = one_in(2) ? kMib + below(kMib) : below(2 * s.most);
    // A view pins the room as well, but only where more of it is needed.
    allowed_or_pinned(s, [&] { s.stream.reserve(room); });
  }

  void do_compact(Subject& s) {
    allowed_or_pinned(s, [&] { s.stream.compact(); });
    // Back to where large blocks are.
    if (s.views.empty() && s.options.tier == StorageOptions::Tier::automatic && one_in(2)) {
      s.stream.reserve(kMib + below(kMib));
    }
  }

  template <class Action>
  void allowed_or_pinned(const Subject& s, Action action) {
    try {
      action();
    } catch (const BufferError&) {
      same(false, s.views.empty(), "refused without a view");
    }
  }

  void do_clear(Subject& s) {
    if (allowed(s, !s.model.data.empty(), [&] { s.stream.clear(); })) s.model = StreamModel{};
    const std::string bytes = fresh(some_count(s, 0));
    put(s, 0, bytes);
  }

  void do_move(Subject& s) {
    BytesIO other(std::move(s.stream));
    s.stream = std::move(other);
  }

  /// What it showed, its handles and views show on.
  void do_close(Subject& s) {
    if (one_in(2)) keep(s, s.stream.getvalue(), s.model.data);
    s.stream.close();
    for (const MutableMemoryView& view : s.views) check_view(view, s.model.data);
    s.views.clear();
    const std::size_t family = s.family;
    const bool forked = s.forked;
    s = new_subject();
    s.family = family;
    s.forked = forked;
  }

  void drop(const Held& held) {
    if (!shows(held, Range{0, held.expected.size()})) failed_elsewhere_ = true;
  }

  /// A handle goes while the stream goes on here.
  void do_drop_elsewhere(Subject& s) {
    join();
    Held going{{s.stream.getvalue(), s.model.data}, s.family};
    dropper_ = std::thread(&StorageMachine::drop, this, std::move(going));
    do_overwrite(s);
  }

  // --- checks ------------------------------------------------------------------------------------

  [[nodiscard]] static bool equal(ByteSpan bytes, const std::string& expected, Range range) {
    return range.count == 0 || std::memcmp(bytes.data() + range.offset,
                                           expected.data() + range.offset, range.count) == 0;
  }

  [[nodiscard]] static bool shows(const Held& held, Range range) {
    return held.bytes.size() == held.expected.size() &&
           equal(held.bytes.span(), held.expected, range);
  }

  /// Shares no more than one byte, to learn where the stream's memory is.
  [[nodiscard]] static bool shows(const Subject& s, Range range) {
    if (s.model.data.empty()) return true;
    const Bytes first = s.views.empty() ? s.stream.slice(0, 1) : Bytes();
    const std::byte* const data =
        s.views.empty() ? first.data() : MutableByteSpan(s.views.back()).data();
    return equal({data, s.model.data.size()}, s.model.data, range);
  }

  void check_all(const Held& held) const {
    same(shows(held, {0, held.expected.size()}), true, "content of a handle");
  }

  void check_all(const Subject& s) const {
    same(shows(s, {0, s.model.data.size()}), true, "content");
    for (const MutableMemoryView& view : s.views) check_view(view, s.model.data);
  }

  void check_view(const MutableMemoryView& view, const std::string& expected) const {
    const MutableByteSpan bytes = view;
    same(bytes.size(), expected.size(), "size of a view");
    same(equal({bytes.data(), bytes.size()}, expected, {0, expected.size()}), true,
         "content of a view");
  }

  /// Parts of [0, size) that say most about the last step: the ends of what it touched, and any page.
  [[nodiscard]] std::array<Range, 3> parts_to_check(std::size_t size, std::size_t salt) const {
    const auto part = [&](std::size_t from) {
      from = std::min(from, size);
      return Range{from, std::min(kPage, size - from)};
    };
    const std::size_t end = touched_.offset + touched_.count;
    const std::size_t any = (tick_ * 31 + salt) * 0x9E3779B97F4A7C15 >> 20;
    return {part(touched_.offset - std::min(touched_.offset, std::size_t{64})),
            part(end - std::min(end, kPage / 2)), part(size == 0 ? 0 : any % size)};
  }

  void check(const Subject& s) const {
    same(s.stream.tell(), s.model.position, "position afterwards");
    same(s.stream.size(), s.model.data.size(), "size afterwards");
    if (tick_ % 4 == 0) return check_all(s);
    for (const Range part : parts_to_check(s.model.data.size(), 16)) {
      same(shows(s, part), true, "content afterwards");
    }
  }

  void check_kept() const {
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (tick_ % 16 == i) {
        check_all(kept_[i]);
        continue;
      }
      for (const Range part : parts_to_check(kept_[i].expected.size(), i)) {
        same(shows(kept_[i], part), true, "content of a handle afterwards");
      }
    }
  }

  // --- time --------------------------------------------------------------------------------------

  void let_go() {
    running_ = "letting go";
    while (kept_.size() > 14 || (!kept_.empty() && one_in(16))) {
      std::swap(kept_[below(kept_.size())], kept_.back());
      check_all(kept_.back());
      kept_.pop_back();
    }
    for (Subject& s : subjects_) {
      if (s.views.size() > 3) s.views.erase(s.views.begin(), s.views.begin() + 2);
    }
    while (subjects_.size() > 6 || (subjects_.size() > 1 && one_in(20))) {
      std::swap(subjects_[below(subjects_.size())], subjects_.back());
      check_all(subjects_.back());
      subjects_.pop_back();
    }
    // What a child has it is to have from its parent.
    const std::size_t enough = child_ < 0 ? 2 : 5;
    if (subjects_.size() < enough && one_in(3)) subjects_.push_back(new_subject());
  }

  void join() {
    if (dropper_.joinable()) dropper_.join();
    same(failed_elsewhere_.load(), false, "content of a handle on another thread");
  }

  /// Waits for the child.
  void reap() {
    if (child_ <= 0) return;
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = 0;
    same(status, 0, "status of a forked process");
  }

  /// Both sides go on with what they have, at the same time.
  void fork() {
    if constexpr (std::constructible_from<Choices, std::uint64_t>) {
      running_ = "fork";
      join();
      reap();
      const std::uint64_t seed = below(std::size_t{1} << 32);
      ++counts_.forks;
      std::fflush(nullptr);
      child_ = ::fork();
      same(child_ >= 0, true, "a process more");
      if (child_ != 0) return extend_all();
      child_ = kInChild;
      last_fresh_ += seed;
      ::_exit(live_as_child(Choices(seed)) ? 0 : 1);
    }
  }

  /// What only one of two processes may do to a file that both have: put more into it.
  void extend_all() {
    for (Subject& s : subjects_) {
      if (s.model.data.size() > s.most) continue;
      put(s, s.model.data.size(), fresh(20 * kPage));
      const Held value{{s.stream.getvalue(), s.model.data}, s.family};
      do_overwrite(s);
      check_all(value);
      check_all(s);
    }
  }

  bool live_as_child(Choices choices) noexcept {
    try {
      this->choose_anew(std::move(choices));
      for (Subject& s : subjects_) s.forked = true;
      extend_all();
      for (std::size_t i = 0; i < kStepsOfAChild; ++i) step();
      finish();
      kept_.clear();
      subjects_.clear();
      return true;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in a forked process: %s\n", error.what());
    }
    return false;
  }

  static constexpr pid_t kInChild = -1;

  StorageCounts& counts_;
  std::vector<Subject> subjects_;
  std::vector<Held> kept_;
  std::thread dropper_;
  std::atomic<bool> failed_elsewhere_ = false;
  Range touched_{0, 0};
  std::array<std::size_t, StorageState::kCount> in_state_{};
  std::size_t tick_ = 0;
  std::size_t last_family_ = 0;
  std::uint64_t last_fresh_ = 0;
  bool forks_allowed_ = false;
  pid_t child_ = 0;
};

template <class Choices>
const std::array<typename StorageMachine<Choices>::Operation, StorageCounts::kOperations>
    StorageMachine<Choices>::kOperations = {{
        {"write", &StorageMachine::do_write},
        {"append", &StorageMachine::do_append},
        {"overwrite", &StorageMachine::do_overwrite},
        {"rewrite", &StorageMachine::do_rewrite},
        {"write own", &StorageMachine::do_write_own},
        {"read", &StorageMachine::do_read},
        {"readinto", &StorageMachine::do_readinto},
        {"getvalue", &StorageMachine::do_getvalue},
        {"slice", &StorageMachine::do_slice},
        {"snapshots", &StorageMachine::do_snapshots},
        {"reader", &StorageMachine::do_reader},
        {"clone", &StorageMachine::do_clone},
        {"from bytes", &StorageMachine::do_from_bytes},
        {"adopt", &StorageMachine::do_adopt},
        {"getbuffer", &StorageMachine::do_getbuffer},
        {"write view", &StorageMachine::do_write_view},
        {"release view", &StorageMachine::do_release_view},
        {"truncate", &StorageMachine::do_truncate},
        {"resize", &StorageMachine::do_resize},
        {"reserve", &StorageMachine::do_reserve},
        {"compact", &StorageMachine::do_compact},
        {"clear", &StorageMachine::do_clear},
        {"move", &StorageMachine::do_move},
        {"close", &StorageMachine::do_close},
        {"drop elsewhere", &StorageMachine::do_drop_elsewhere},
    }};

}  // namespace quire::test
