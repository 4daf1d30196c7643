// StorageMachine: random operations on streams in every tier of the storage, spilled ones among them,
// now and then of several huge pages, and on all handles and views taken from them, beside the slow
// obvious model; with system calls that fail, handles that go on another thread, and forked processes
// in which both sides go on.
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
#include <system_error>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "mapped_layout.h"
#include "quire/bytes_io.h"
#include "quire/detail/temporary_file.h"
#include "quire/file_path.h"
#include "quire/memory_view.h"
#include "quire/spooled_io.h"
#include "support/machine.h"
#include "support/page_faults.h"
#include "support/storage.h"
#include "support/storage_counts.h"
#include "support/stream_model.h"
#include "support/temp_directory.h"

namespace quire::test {

using detail::Range;
using FileCall = detail::temporary_file::Call;

/// See Machine.
template <class Choices>
class StorageMachine : public Machine<Choices> {
 public:
  StorageMachine(Choices choices, StorageCounts& counts)
      : Machine<Choices>(std::move(choices)), counts_(counts) {
    if (kSteered) held_without_streams_ = Holdings::now();
    subjects_.push_back(new_subject());
  }

  StorageMachine(const StorageMachine&) = delete;
  StorageMachine& operator=(const StorageMachine&) = delete;

  ~StorageMachine() {
    if (dropper_.joinable()) dropper_.join();
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }

  /// Lets processes fork now and then, where the choices can be made anew for the child.
  void allow_forks() noexcept { forks_allowed_ = kSteered; }

  [[nodiscard]] static const char* name_of(std::size_t operation) {
    return kOperations[operation].name;
  }

  /// How much rarer than others it is that this operation ends in that state: 1, 2, or kSeldom; 0 if it
  /// never does, or once in thousands of attempts. A system call is refused only where one is made.
  [[nodiscard]] static std::size_t rarity(std::size_t operation, const StorageState& state) {
    if (!state.failing) return 1;
    const Calls calls = kOperations[operation].calls;
    // What was adopted is written, shared and left as a block on the heap is.
    const bool on_heap = state.tier <= Tier::Adopted;
    if (!detail::pages::available()) return calls == Calls::Always ? 1 : 0;
    switch (calls) {
      case Calls::Never:
        return 0;
      case Calls::Always:
        return 1;
      case Calls::ToLeaveMemory:
        return state.tier == Tier::File ? 0 : 1;
      case Calls::ToResize:
        return state.viewed ? 0 : 1;
      case Calls::ToCut:
        if (state.viewed || (state.tier == Tier::Mapped && state.outside)) return 0;
        if (state.tier == Tier::Adopted || (on_heap && state.large)) return 0;
        return on_heap || (state.tier == Tier::Paged && state.outside) ? kSeldom : 1;
      case Calls::ToShareBesideAView:
        return state.viewed && !on_heap ? 1 : 0;
      case Calls::ToShareAndWrite:
        return on_heap && state.viewed ? 0 : 1;
      case Calls::ToShareAndOverwrite:
        if (on_heap) return state.viewed ? 0 : kSeldom;
        return 1;
      case Calls::ToGiveRoomBack:
        if (state.viewed) return 0;
        return state.tier == Tier::File && !state.outside ? kSeldom : 1;
      case Calls::ToOverwrite:
        // A mapping gets its pages in advance, where it was shared before.
        if (state.viewed || (!state.outside && on_heap)) return 0;
        return on_heap || !state.outside ? kSeldom : 1;
      case Calls::ToExpose:
        // What others only read before they let go of it is made writable.
        if (state.viewed || (!state.outside && state.tier != Tier::Paged)) return 0;
        return on_heap || !state.outside ? kSeldom : 1;
      case Calls::ToOverwriteAfterAView:
        return !on_heap && (state.outside || state.tier == Tier::File) ? 1 : 0;
    }
    return 0;
  }

  void step() {
    // New subjects may come: no reference into the vector may be held over that.
    const std::size_t chosen =
        rarest(subjects_.size(), [&](std::size_t i) { return known(subjects_[i].last_state); });
    Subject subject = std::move(subjects_[chosen]);
    subjects_.erase(subjects_.begin() + static_cast<std::ptrdiff_t>(chosen));
    bring_into_state(subject);
    touched_ = {0, 0};
    StorageState state = state_of(subject);
    subject.last_state = state;
    state.failing = fails_next(state);
    const std::size_t operation = some_operation(state);
    const auto run = kOperations[operation].run;
    running_ = name_of(operation);
    const BlockSeen before = see_block(subject);
    if (state.viewed && subject.views.empty()) ++counts_.only_read_views;
    if (state.failing) {
      start_failing(subject, state, run == &StorageMachine::do_drop_elsewhere);
    } else {
      faults_.emplace(PageFault{.after = PageFault::kNone});
    }
    if (subject.spooled() != nullptr) {
      unless_refused([&] { (this->*run)(subject); });
    } else {
      (this->*run)(subject);
    }
    state.failing = PageFaults::refused() != 0;
    stop_failing();
    ++counts_.ran[operation][state.index()];
    ++counts_.steps;
    known_.count(operation, state);
    count_events(before, state, subject);
    check(subject);
    check_spooled(subject);
    subjects_.push_back(std::move(subject));
    if (all_checked_) {
      check_everything();
    } else {
      check_others();
    }
    let_go();
    ++tick_;
    if (forks_allowed_ && child_ >= 0 && one_in(kStepsBetweenForks)) fork();
  }

  /// Looks at every byte of all that lives, in the child processes too.
  void finish() {
    running_ = "finish";
    join();
    check_everything();
    reap();
  }

  /// Whether each step is to look at every byte of all that lives. Else it looks at all of some of it,
  /// and of the rest at what is near to where it wrote, and at any page.
  void check_all_each_step(bool wanted) noexcept { all_checked_ = wanted; }

 private:
  using Tier = StorageState::Tier;

  /// In what company a stream is to be for a while.
  struct Wish {
    bool views;
    bool handles;
  };

  using EitherStream = std::variant<BytesIO, SpooledIO>;

  struct Subject {
    EitherStream either;
    StreamModel model;
    std::vector<MutableMemoryView> views = {};
    std::vector<MemoryView> read_views = {};
    StorageOptions options = {};
    /// About as large as it gets.
    std::size_t most = 0;
    /// Who may share memory with whom.
    std::size_t family = 0;
    bool forked = false;
    bool rolled = false;
    Wish wants = {};
    StorageState last_state = {};

    [[nodiscard]] BytesIO& stream() noexcept {
      return std::visit([](BytesIO& stream) -> BytesIO& { return stream; }, either);
    }

    [[nodiscard]] const BytesIO& stream() const noexcept {
      return const_cast<Subject*>(this)->stream();
    }

    [[nodiscard]] SpooledIO* spooled() noexcept { return std::get_if<SpooledIO>(&either); }

    [[nodiscard]] bool pinned() const noexcept { return !views.empty() || !read_views.empty(); }

    void release_views() noexcept {
      views.clear();
      read_views.clear();
    }
  };

  /// Bytes, or a view that keeps them alive, and what they must show for ever.
  struct Held {
    std::variant<Bytes, MemoryView> bytes;
    std::string expected;
    std::size_t family;

    [[nodiscard]] ByteSpan span() const {
      return std::visit([](const auto& handle) { return ByteSpan(handle); }, bytes);
    }
  };

  /// What a step may do to a stream's block, seen before it.
  struct BlockSeen {
    const detail::Block* block;
    std::size_t capacity;
    std::size_t size;
    std::size_t inserted;
  };

  /// A file and what it must show for ever.
  struct HeldFile {
    FilePath path;
    std::string expected;
  };

  /// What an operation asks the system for, if it does.
  enum class Calls {
    Never,
    Always,
    ToLeaveMemory,
    ToResize,
    ToCut,
    ToShareBesideAView,
    ToShareAndWrite,
    ToShareAndOverwrite,
    ToGiveRoomBack,
    ToOverwrite,
    ToExpose,
    ToOverwriteAfterAView,
  };

  struct Operation {
    const char* name;
    void (StorageMachine::*run)(Subject&);
    Calls calls;
  };

  // Then page calls, mappings, files and boundaries of large blocks are as many as in a stream of
  // many megabytes, and a step takes microseconds.
  static constexpr std::array<std::size_t, 8> kMost = {
      6 * kPage, 6 * kPage, 6 * kPage, 40 * kPage, 40 * kPage, 80 * kPage, 80 * kPage, 400 * kPage};

  // And a few of several huge pages: one below and one above where shared blocks grow by sharing.
  static constexpr std::array<std::size_t, 2> kMostOfLarge = {5 * kMib + 3 * kPage + 100,
                                                              9 * kMib + 5 * kPage + 7};
  static constexpr std::size_t kLarge = 4 * kMib;
  static constexpr std::size_t kGrowsShared = 8 * kMib;
  static constexpr std::size_t kSmallForEachLarge = 40;
  // Their steps take a hundred times as long.
  static constexpr std::size_t kWeightOfLarge = 40;

  static constexpr std::array<std::size_t, 5> kLimits = {0, 1, 1000, 100 * kKib, 4 * kMib};

  static constexpr std::size_t kStepsBetweenForks = 80;
  static constexpr std::size_t kStepsOfAChild = 100;
  static constexpr std::size_t kMadeForAChild = 8;

  static constexpr std::size_t kSeldom = 20;
  static constexpr std::size_t kNever = ~std::size_t{0};

  // A fuzzer chooses by itself, and has no seed for a process more.
  static constexpr bool kSteered = std::constructible_from<Choices, std::uint64_t>;

  using Machine<Choices>::below;
  using Machine<Choices>::one_in;
  using Machine<Choices>::running_;
  using Machine<Choices>::same;

  static const std::array<Operation, StorageCounts::kOperations> kOperations;

  /// Of three below `n`, drawn at random, the one of which `seen` says the least.
  template <class Seen>
  std::size_t rarest(std::size_t n, Seen seen) {
    std::size_t chosen = below(n);
    for (int draws = 1; draws < 3; ++draws) {
      const std::size_t other = below(n);
      if (seen(other) < seen(chosen)) chosen = other;
    }
    return chosen;
  }

  // --- choices -----------------------------------------------------------------------------------

  [[nodiscard]] static bool is_large(const Subject& s) noexcept {
    return s.model.data.size() >= kLarge;
  }

  [[nodiscard]] static bool is_large(const Held& held) noexcept {
    return held.expected.size() >= kLarge;
  }

  [[nodiscard]] static bool is_large(const HeldFile& file) noexcept {
    return file.expected.size() >= kLarge;
  }

  /// How often that was done, so that all that can be becomes equally known.
  [[nodiscard]] std::size_t known(std::size_t operation, const StorageState& state) const noexcept {
    const std::size_t rare = rarity(operation, state);
    return rare == 0 ? kNever : known_.of(operation, state) * rare;
  }

  /// The least known operation in exactly that state; of those equally known the first from `first` on.
  [[nodiscard]] std::size_t least_known(const StorageState& state,
                                        std::size_t first) const noexcept {
    std::size_t chosen = first;
    for (std::size_t i = 1; i < StorageCounts::kOperations; ++i) {
      const std::size_t other = (first + i) % StorageCounts::kOperations;
      if (known(other, state) < known(chosen, state)) chosen = other;
    }
    return chosen;
  }

  /// How well that state is known where it is least, with failures and without.
  [[nodiscard]] std::size_t known(StorageState state) const noexcept {
    state.failing = false;
    const std::size_t without = known(least_known(state, 0), state);
    state.failing = true;
    return std::min(without, known(least_known(state, 0), state)) *
           (state.large ? kWeightOfLarge : 1);
  }

  /// The same of a tier, in a process's own streams or in those it was forked with.
  [[nodiscard]] std::size_t known(Tier tier, bool large, bool forked) const noexcept {
    std::size_t least = kNever;
    if (tier >= Tier::Mapped && !detail::pages::available()) return least;
    for (const bool outside : {false, true}) {
      for (const bool viewed : {false, true}) {
        least = std::min(least, known({tier, large, outside, viewed, forked, false}));
      }
    }
    return least;
  }

  /// Most attempts to fail come to nothing, as no call is made that could.
  bool fails_next(StorageState state) {
    if (!kSteered || one_in(8)) return one_in(2);
    state.failing = false;
    const std::size_t without = known(least_known(state, 0), state);
    state.failing = true;
    return known(least_known(state, 0), state) <= without;
  }

  std::size_t some_operation(const StorageState& state) {
    const std::size_t any = below(StorageCounts::kOperations);
    return !kSteered || one_in(8) ? any : least_known(state, any);
  }

  Wish some_wish(StorageState state) {
    const std::size_t chosen = rarest(4, [&](std::size_t i) {
      state.viewed = (i & 1) != 0;
      state.outside = (i & 2) != 0;
      return known(state);
    });
    return {(chosen & 1) != 0, (chosen & 2) != 0};
  }

  Subject new_subject() {
    const bool large = one_in(kSmallForEachLarge);
    const std::size_t tier = rarest(StorageState::kTiers, [&](std::size_t i) {
      return known(static_cast<Tier>(i), large, false);
    });
    return new_subject({static_cast<Tier>(tier), large, false, false, false, false});
  }

  /// What child processes know least.
  Subject subject_to_be_forked(bool may_be_large) {
    constexpr std::size_t kTiers = StorageState::kTiers;
    const std::size_t chosen = rarest(may_be_large ? 2 * kTiers : kTiers, [&](std::size_t i) {
      return known(static_cast<Tier>(i % kTiers), i >= kTiers, true);
    });
    const auto tier = static_cast<Tier>(chosen % kTiers);
    return new_subject({tier, chosen >= kTiers, false, false, true, false});
  }

  /// That comes to a state like this one, in the company that is known least there.
  Subject new_subject(StorageState state) {
    stop_failing();
    const Tier tier = state.tier;
    const bool large = state.large;
    Subject made{};
    made.family = ++last_family_;
    made.wants = some_wish(state);
    state.viewed = made.wants.views;
    state.outside = made.wants.handles;
    made.last_state = state;
    made.most = large ? kMostOfLarge[below(kMostOfLarge.size())] : kMost[below(kMost.size())];
    if (tier == Tier::Adopted) {
      // Mostly of a size that is mapped as soon as it leaves.
      if (!large && !one_in(4)) made.most = 80 * kPage;
      made.model.data = fresh(large || !one_in(4) ? nearly(made.most) : 1 + below(made.most));
      made.either = BytesIO::adopt(std::string(made.model.data));
      return made;
    }
    if (tier == Tier::Heap && large && one_in(2)) {
      // A large block is there only where it was asked for, or where others made it.
      made.model.data = fresh(nearly(made.most));
      made.either = BytesIO(Bytes(ByteSpan(made.model.data)));
      return made;
    }
    if (tier == Tier::File) {
      made.either = SpooledIO(some_spooled_options());
    } else {
      if (tier == Tier::Heap && (large || one_in(2)))
        made.options.tier = StorageOptions::Tier::heap;
      if (tier == Tier::Paged) made.options.tier = StorageOptions::Tier::paged;
      made.either = BytesIO(made.options);
      // Large enough for a mapping, however little is in it.
      if (tier == Tier::Mapped && !large) made.stream().reserve(kMib + below(kMib));
    }
    if (tier == Tier::Mapped && !large && !one_in(4)) {
      // Of the size from which on pages are shared.
      made.most = kMib + 160 * kPage;
      made.model.data = fresh(kMib + below(made.most - kMib));
    } else {
      made.model.data = fresh(large ? nearly(made.most) : below(made.most));
    }
    made.stream().write(made.model.data);
    made.model.position = made.model.data.size();
    return made;
  }

  SpooledOptions some_spooled_options() {
    // On the disk now and then; in memory there is less to wait for.
    return {.max_size = kLimits[below(kLimits.size())],
            .directory = one_in(16) ? "/var/tmp" : fast_directory()};
  }

  std::size_t nearly(std::size_t most) { return most - below(most / 8); }

  /// Bytes that are hardly anywhere yet.
  std::string fresh(std::size_t size) {
    static const std::string pool = pattern(16 * kMib);
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
    if (is_large(s) && one_in(3)) return std::min(some_mebibytes(), room);
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
      case 4:
        count = room;
        break;
      default:
        count = below(300);
    }
    return std::min(count, room);
  }

  /// So many that whole huge pages are replaced.
  std::size_t some_mebibytes() { return kMib + below(one_in(2) ? kMib : 3 * kMib); }

  void start_failing(Subject& s, const StorageState& state, bool others_may_read) {
    PageFault fault{};
    fault.after = one_in(2) ? 0 : below(4);
    fault.error = ENOMEM;
    if (one_in(2)) fault.repeat = PageFault::Repeat::FromThenOn;
    const std::size_t kind = below(4);
    if (kind == 0 && !others_may_read && state.tier >= Tier::Mapped) {
      // For a moment the bytes are gone.
      join();
      fault.call = detail::pages::Call::MapOverTorn;
      fault.repeat = PageFault::Repeat::Once;
    } else if (kind == 1 && s.spooled() != nullptr) {
      fault.file_call = static_cast<FileCall>(below(detail::temporary_file::kCalls));
      fault.error = one_in(2) ? ENOSPC : EIO;
    }
    disk_breaks_ = !fault.file_call || *fault.file_call == FileCall::Write;
    faults_.emplace(fault);
  }

  void stop_failing() {
    if (!faults_) return;
    counts_.refused_calls += PageFaults::refused();
    faults_.reset();
  }

  // --- states ------------------------------------------------------------------------------------

  /// So that each combination of handles and views comes about, and lasts.
  void bring_into_state(Subject& s) {
    running_ = "getting ready";
    if (one_in(16)) s.wants = some_wish(state_of(s));
    if (!s.wants.views) s.release_views();
    if (s.most >= kLarge && !is_large(s) && !s.pinned()) {
      const std::size_t size = s.model.data.size();
      put(s, size, fresh(nearly(s.most) - size));
    }
    // Once there is a handle, a view would move it.
    if (leaves_tier(s)) take_wanted_view(s);
    if (!s.wants.handles) {
      std::erase_if(kept_, [&](const Held& held) { return held.family == s.family; });
      std::erase_if(subjects_, [&](const Subject& other) { return other.family == s.family; });
    } else if (!s.model.data.empty() && !state_of(s).outside) {
      keep_a_part(s);
    }
    take_wanted_view(s);
  }

  void take_wanted_view(Subject& s) {
    if (!s.wants.views || s.pinned()) return;
    if (one_in(3)) {
      s.read_views.push_back(s.stream().getbuffer().toreadonly());
    } else {
      s.views.push_back(s.stream().getbuffer());
    }
  }

  /// Null when there is none.
  [[nodiscard]] static detail::Block* block_of(Subject& s) {
    return s.pinned() ? s.stream().export_buffer().block() : s.stream().slice(0, 1).block();
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
    StorageState state{Tier::Heap, is_large(s), false, s.pinned(), s.forked, false};
    if (detail::Block* const block = block_of(s)) {
      const std::string_view tier = detail::tier_of(*block);
      if (tier == "adopted") state.tier = Tier::Adopted;
      if (tier == "mapped") state.tier = Tier::Mapped;
      if (tier == "paged") state.tier = Tier::Paged;
      if (tier == "file") state.tier = Tier::File;
      state.outside = !state.viewed && block->owner_count() > 1;
    }
    // A live view's stream shares no block, and a paged one its file even with a block of its own.
    if (state.viewed || state.tier >= Tier::Paged) {
      state.outside = state.outside || has_relative(s);
    }
    return state;
  }

  /// Whether it is where nothing shared stays when it is written.
  [[nodiscard]] bool leaves_tier(Subject& s) const {
    const Tier tier = state_of(s).tier;
    return tier == Tier::Adopted || tier == Tier::Mapped;
  }

  [[nodiscard]] static const detail::MappedBlock* mapped_block_of(Subject& s) {
    detail::Block* const block = block_of(s);
    if (block == nullptr || std::strcmp(block->kind->name, "mapped") != 0) return nullptr;
    return &detail::mapped(block);
  }

  [[nodiscard]] static BlockSeen see_block(Subject& s) {
    const detail::MappedBlock* const block = mapped_block_of(s);
    if (block == nullptr) return {nullptr, 0, s.model.data.size(), 0};
    return {block, block->capacity, s.model.data.size(), block->inserted};
  }

  void count_events(const BlockSeen& before, const StorageState& state, Subject& s) {
    counts_.huge_pages += PageFaults::let_through(detail::pages::Call::Collapse);
    const detail::MappedBlock* const now = mapped_block_of(s);
    if (now == nullptr) return;
    if (now->inserted > (now == before.block ? before.inserted : 0)) ++counts_.units_replaced;
    const bool born_so = s.options.tier == StorageOptions::Tier::paged;
    const bool shares = state.outside && before.size >= kGrowsShared && !born_so;
    const bool moved = before.block != nullptr && now != before.block;
    const bool grown = now->file && now->capacity > before.capacity;
    if (shares && moved && grown) ++counts_.shared_growths;
  }

  // --- operations --------------------------------------------------------------------------------

  /// Runs `action`, which a live view must make fail if it `resizes`, and a disk may. Whether it was
  /// done.
  template <class Action>
  bool allowed(Subject& s, bool resizes, Action action) {
    const bool refused = resizes && s.pinned();
    try {
      action();
    } catch (const BufferError&) {
      same(true, refused, "was refused");
      return false;
    } catch (const std::system_error& refusal) {
      same(s.spooled() != nullptr && system_refused(), true, refusal.what());
      return false;
    }
    same(false, refused, "was not refused");
    return true;
  }

  /// Runs `action`, which has done nothing if it is refused a file.
  template <class Action>
  void unless_refused(Action action) {
    try {
      action();
    } catch (const std::system_error& refusal) {
      same(system_refused(), true, refusal.what());
    }
  }

  [[nodiscard]] bool system_refused() const noexcept {
    return faults_ && PageFaults::refused() != 0;
  }

  /// Whether something that ends there makes a stream roll over.
  [[nodiscard]] static bool rolls_over(Subject& s, std::size_t end) {
    const SpooledIO* const own = s.spooled();
    if (own == nullptr || own->rolled()) return false;
    return own->options().max_size != 0 && end > own->options().max_size;
  }

  [[nodiscard]] static bool write_resizes(Subject& s, std::size_t offset, std::size_t count) {
    return s.model.write_resizes(offset, count) || rolls_over(s, offset + count);
  }

  void keep(const Subject& s, Bytes bytes, std::string expected) {
    same(bytes.size(), expected.size(), "bytes returned");
    Held held{std::move(bytes), std::move(expected), s.family};
    check_new(held);
    if (s.wants.handles) kept_.push_back(std::move(held));
  }

  /// REQUIRES: there is one
  void keep_a_part(Subject& s) {
    const std::size_t size = s.model.data.size();
    // Beside a view a small part is a copy, and all of it moves the stream.
    const std::size_t from = !s.pinned() && one_in(3) ? 0 : below(size);
    const std::size_t count = from == 0 ? size : 1 + below(std::min(size - from, 10 * kPage));
    keep(s, s.stream().slice(from, from + count), s.model.data.substr(from, count));
  }

  /// Writes by `action`, which writes `bytes` at `offset`.
  template <class Action>
  void write_by(Subject& s, std::size_t offset, const std::string& bytes, Action action) {
    touched_ = {offset, bytes.size()};
    if (allowed(s, write_resizes(s, offset, bytes.size()), action)) {
      s.model.write_at(offset, bytes);
    } else if (system_refused() && !s.pinned()) {
      settle(s, offset, bytes);
    }
  }

  /// Where the disk broke in the middle of a large write, what had been overwritten stays so.
  void settle(Subject& s, std::size_t offset, const std::string& bytes) {
    const Bytes now = s.stream().read_at(offset, bytes.size());
    const std::string before = s.model.read_at(offset, bytes.size());
    if (equal(now, before, {0, before.size()})) return;
    same(disk_breaks_, true, "a part of a refused write");
    const std::string_view found = ByteSpan(now).as_chars();
    const auto end = std::mismatch(found.begin(), found.end(), bytes.begin(), bytes.end()).second;
    s.model.write_at(offset, std::string(bytes.begin(), end));
  }

  void put(Subject& s, std::size_t offset, const std::string& bytes) {
    write_by(s, offset, bytes, [&] {
      // Whoever knows only the base must not get past what the class adds.
      if (!bytes.empty() && one_in(4)) {
        s.stream().write_at(offset, bytes);
      } else {
        std::visit([&](auto& stream) { stream.write_at(offset, bytes); }, s.either);
      }
    });
  }

  template <class Action>
  void write_here(Subject& s, const std::string& bytes, Action action) {
    bool done = false;
    write_by(s, s.model.position, bytes, [&] { action(), done = true; });
    if (done) s.model.position += bytes.size();
  }

  void do_write(Subject& s) {
    s.model.position = some_offset(s);
    s.stream().seek(static_cast<std::ptrdiff_t>(s.model.position));
    const std::string bytes = fresh(some_count(s, s.model.position));
    write_here(s, bytes, [&] { same(s.stream().write(bytes), bytes.size(), "bytes written"); });
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
    std::size_t count = some_count(s, offset) % (2 * kPage);
    if (is_large(s) && one_in(2)) count = some_mebibytes();
    put(s, offset, fresh(std::min(count, s.model.data.size() - offset)));
  }

  /// Whole pages, of which nothing old is left.
  void do_rewrite(Subject& s) {
    const std::size_t pages = s.model.data.size() / kPage;
    const std::size_t first = below(pages + 1);
    put(s, first * kPage, fresh((pages - first - below(pages - first + 1)) * kPage));
  }

  void do_write_own(Subject& s) {
    // Whole beside a view, which does not let it grow.
    const bool whole = s.pinned() && one_in(2);
    const std::size_t from = whole ? 0 : below(s.model.data.size() + 1);
    const std::size_t most = whole ? s.model.data.size() : some_count(s, s.model.position);
    const std::size_t count = std::min(most, s.model.data.size() - from);
    const std::string bytes = s.model.read_at(from, count);
    write_here(s, bytes, [&] { s.stream().write(s.stream().slice(from, from + count)); });
  }

  void do_read(Subject& s) {
    const bool whole = one_in(3);
    if (whole) {
      s.stream().seek(0);
      s.model.position = 0;
    }
    const auto size =
        whole || one_in(4) ? std::ptrdiff_t{-1} : static_cast<std::ptrdiff_t>(below(kPage));
    Bytes bytes = s.stream().read(size);
    keep(s, std::move(bytes), s.model.read(size));
  }

  void do_readinto(Subject& s) {
    std::string target(below(3 * kPage), '?');
    target.resize(s.stream().readinto(target));
    same(target, s.model.read(static_cast<std::ptrdiff_t>(target.size())), "bytes filled");
  }

  void do_getvalue(Subject& s) { keep(s, s.stream().getvalue(), s.model.data); }

  void do_slice(Subject& s) {
    const bool whole = one_in(3);
    const std::size_t size = s.model.data.size();
    const std::size_t from = whole ? 0 : below(size + 1);
    const std::size_t to = whole ? size : from + below(size - from + 1);
    keep(s, s.stream().slice(from, to), s.model.data.substr(from, to - from));
  }

  /// One after the other, with writes between, and dropped in any order.
  void do_snapshots(Subject& s) {
    std::vector<Held> taken;
    for (std::size_t rounds = 2 + below(is_large(s) ? 1 : 3); rounds != 0; --rounds) {
      taken.push_back({s.stream().getvalue(), s.model.data, s.family});
      do_overwrite(s);
    }
    while (!taken.empty()) {
      std::swap(taken[below(taken.size())], taken.back());
      check_all(taken.back());
      taken.pop_back();
    }
  }

  void add_twin(const Subject& s, EitherStream stream, std::string data) {
    Subject twin{std::move(stream), {std::move(data), 0}};
    twin.model.position = twin.stream().tell();
    twin.options = s.options;
    twin.most = std::max(s.most, twin.model.data.size());
    twin.family = s.family;
    twin.forked = s.forked;
    twin.wants = {one_in(2), s.wants.handles};
    subjects_.push_back(std::move(twin));
  }

  void do_reader(Subject& s) { add_twin(s, copy_of(s, Copy::Reader), s.model.data); }

  void do_clone(Subject& s) { add_twin(s, copy_of(s, Copy::Clone), s.model.data); }

  enum class Copy { Reader, Clone };

  static EitherStream copy_of(Subject& s, Copy copy) {
    return std::visit(
        [&](auto& stream) {
          return EitherStream(copy == Copy::Reader ? stream.reader() : stream.clone());
        },
        s.either);
  }

  /// A stream that does not start where its block does, and of a class of its own.
  void do_from_bytes(Subject& s) {
    const std::size_t from = below(std::min(s.model.data.size(), 3 * kPage) + 1);
    Bytes bytes = s.stream().slice(from);
    if (s.spooled() != nullptr && one_in(2)) {
      SpooledIO made(std::move(bytes), s.spooled()->options());
      add_twin(s, std::move(made), s.model.data.substr(from));
    } else {
      add_twin(s, BytesIO(std::move(bytes), s.options), s.model.data.substr(from));
    }
  }

  void do_adopt(Subject& s) {
    BytesIO adopted = BytesIO::adopt(std::string(s.model.data));
    Subject other = new_subject();
    other.either = std::move(adopted);
    other.model = {s.model.data, 0};
    other.most = std::max(other.most, s.most);
    other.options = {};
    subjects_.push_back(std::move(other));
  }

  void do_getbuffer(Subject& s) {
    s.views.push_back(s.stream().getbuffer());
    same(s.views.back().size(), s.model.data.size(), "size of the view");
  }

  /// It pins the stream, also when the view that it was made from has gone.
  void do_toreadonly(Subject& s) {
    if (s.views.empty()) s.views.push_back(s.stream().getbuffer());
    s.read_views.push_back(s.views[below(s.views.size())].toreadonly());
    if (one_in(2)) s.views.clear();
  }

  /// A view keeps the bytes alive whose last handle has gone.
  void do_view_of_bytes(Subject& s) {
    const std::size_t size = s.model.data.size();
    const std::size_t from = one_in(2) ? 0 : below(size + 1);
    const MemoryView all(s.stream().getvalue());
    const MemoryView rest = all.slice(static_cast<std::ptrdiff_t>(from));
    Held held{rest, s.model.data.substr(from), s.family};
    do_overwrite(s);
    check_new(held);
    if (s.wants.handles) kept_.push_back(std::move(held));
  }

  void do_write_view(Subject& s) {
    if (s.views.empty()) s.views.push_back(s.stream().getbuffer());
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
    s.release_views();
    if (one_in(2)) keep(s, s.stream().getvalue(), s.model.data);
    do_overwrite(s);
  }

  void do_truncate(Subject& s) {
    std::size_t size = one_in(6) ? 0 : below(s.model.data.size() + 1);
    if (one_in(3)) size = std::min(s.most, some_offset(s) + (one_in(2) ? below(s.most) : 0));
    const std::size_t before = s.model.data.size();
    const SpooledIO* const own = s.spooled();
    const bool rolls = own != nullptr && !own->rolled() && size > own->options().max_size;
    const bool extends = size > before && own != nullptr && (rolls || own->rolled());
    if (extends) touched_ = {before, size - before};
    if (!allowed(s, size < before || rolls || extends, [&] { s.stream().truncate(size); })) return;
    if (extends) s.model.data.resize(size, '\0');
    s.model.truncate(size);
  }

  void do_resize(Subject& s) {
    const std::size_t size = std::min(s.most, one_in(2) ? below(2 * s.most) : some_offset(s));
    touched_ = {s.model.data.size(), size - std::min(size, s.model.data.size())};
    const auto resize = [&](auto& stream) { stream.resize(size); };
    if (allowed(s, size != s.model.data.size(), [&] { std::visit(resize, s.either); })) {
      s.model.data.resize(size, '\0');
    }
  }

  /// Or a rolled twin of a stream of another class.
  void do_rollover(Subject& s) {
    if (SpooledIO* const own = s.spooled()) {
      allowed(s, !own->rolled(), [&] { own->rollover(); });
      return;
    }
    unless_refused([&] {
      SpooledIO made(s.stream().getvalue(), some_spooled_options());
      made.rollover();
      add_twin(s, std::move(made), s.model.data);
    });
  }

  void do_reserve(Subject& s) {
    const std::size_t room = one_in(2) ? kMib + below(kMib) : below(2 * s.most);
    // A view pins the room as well, but only where more of it is needed.
    allowed_or_pinned(s, [&] { s.stream().reserve(room); });
  }

  void do_compact(Subject& s) {
    allowed_or_pinned(s, [&] { s.stream().compact(); });
    // Back to where large blocks are.
    const bool may_be_mapped = s.spooled() == nullptr || s.spooled()->options().max_size > kMib;
    if (may_be_mapped && !s.pinned() && s.options.tier == StorageOptions::Tier::automatic &&
        one_in(2)) {
      s.stream().reserve(kMib + below(kMib));
    }
  }

  template <class Action>
  void allowed_or_pinned(const Subject& s, Action action) {
    try {
      action();
    } catch (const BufferError&) {
      same(true, s.pinned(), "refused without a view");
    }
  }

  void do_clear(Subject& s) {
    if (allowed(s, !s.model.data.empty(), [&] { s.stream().clear(); })) s.model = StreamModel{};
    const std::size_t much = std::min(2 * s.most, kMostOfLarge.back());
    put(s, 0, fresh(one_in(2) ? below(much) : some_count(s, 0)));
  }

  void do_move(Subject& s) {
    std::visit(
        [](auto& stream) {
          auto other = std::move(stream);
          stream = std::move(other);
        },
        s.either);
  }

  /// What it showed, its handles and views show on.
  void do_close(Subject& s) {
    if (one_in(2)) keep(s, s.stream().getvalue(), s.model.data);
    s.stream().close();
    check_views(s);
    s.release_views();
    const std::size_t family = s.family;
    s = new_subject();
    s.family = family;
  }

  /// A handle and a clone go while the stream goes on here.
  void do_drop_elsewhere(Subject& s) {
    join();
    Held going{s.stream().getvalue(), s.model.data, s.family};
    EitherStream clone = copy_of(s, Copy::Clone);
    dropper_ = std::thread([this, held = std::move(going), twin = std::move(clone)] {
      if (!shows(held, {0, held.expected.size()})) failed_elsewhere_ = true;
    });
    do_overwrite(s);
  }

  // --- files for others --------------------------------------------------------------------------

  void do_as_path(Subject& s) {
    unless_refused([&] {
      if (s.spooled() != nullptr && one_in(2)) {
        same(file_shows(s.spooled()->fileno(), s.model.data), true, "content of a descriptor");
      }
      const auto as_path = [](auto& stream) { return stream.as_path(); };
      files_.push_back({std::visit(as_path, s.either), s.model.data});
      check_all(files_.back());
    });
  }

  void do_as_writable_path(Subject& s) {
    const std::string bytes = fresh(below(s.most));
    unless_refused([&] {
      WritablePath path =
          std::visit([](auto& stream) { return stream.as_writable_path(); }, s.either);
      const ssize_t written = ::pwrite(path.fileno(), bytes.data(), bytes.size(), 0);
      same(written, static_cast<ssize_t>(bytes.size()), "bytes written to a file");
      touched_ = {0, bytes.size()};
      bool taken = false;
      const auto close = [&] {
        // Which may be refused to read it back, whatever the stream is.
        unless_refused([&] {
          path.close();
          taken = true;
        });
      };
      if (allowed(s, true, close) && taken) s.model = {bytes, 0};
    });
  }

  [[nodiscard]] static bool file_shows(int file, const std::string& expected) {
    std::string found(expected.size() + 1, '?');
    const ssize_t size = ::pread(file, found.data(), found.size(), 0);
    found.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return found == expected;
  }

  // --- checks ------------------------------------------------------------------------------------

  [[nodiscard]] static bool equal(ByteSpan bytes, const std::string& expected, Range range) {
    return range.count == 0 || std::memcmp(bytes.data() + range.offset,
                                           expected.data() + range.offset, range.count) == 0;
  }

  [[nodiscard]] static bool shows(const Held& held, Range range) {
    const ByteSpan bytes = held.span();
    return bytes.size() == held.expected.size() && equal(bytes, held.expected, range);
  }

  /// Shares no more than one byte, to learn where the stream's memory is.
  [[nodiscard]] static bool shows(const Subject& s, Range range) {
    const std::string& expected = s.model.data;
    for (const MutableMemoryView& view : s.views) {
      if (view.nbytes() != expected.size() || !equal(view, expected, range)) return false;
    }
    for (const MemoryView& view : s.read_views) {
      if (view.nbytes() != expected.size() || !equal(view, expected, range)) return false;
    }
    if (expected.empty() || s.pinned()) return true;
    const Bytes first = s.stream().slice(0, 1);
    return equal({first.data(), expected.size()}, expected, range);
  }

  void check_all(const Held& held) const {
    same(shows(held, {0, held.expected.size()}), true, "content of a handle");
  }

  void check_all(const HeldFile& file) const {
    same(file_shows(file.path.fileno(), file.expected), true, "content of a file");
  }

  void check_all(const Subject& s) const {
    same(shows(s, {0, s.model.data.size()}), true, "content");
  }

  void check_everything() const {
    for (const Subject& s : subjects_) check_all(s);
    for (const Held& held : kept_) check_all(held);
    for (const HeldFile& file : files_) check_all(file);
  }

  /// What a closed stream's views show.
  void check_views(const Subject& s) const {
    const std::string& expected = s.model.data;
    for (const MutableMemoryView& view : s.views) {
      same(ByteSpan(view) == ByteSpan(expected), true, "content of a view");
    }
    for (const MemoryView& view : s.read_views) {
      same(ByteSpan(view) == ByteSpan(expected), true, "content of a read-only view");
    }
  }

  /// Parts of [0, size) that say most about the last step: what is around both ends of what it
  /// touched, and any page.
  [[nodiscard]] std::array<Range, 3> parts_to_check(std::size_t size, std::size_t salt) const {
    const std::size_t end = touched_.offset + touched_.count;
    // A large write copies what it leaves of a huge page.
    const std::size_t around = touched_.count < kMib ? kPage / 2 : detail::pages::kHugePage;
    const auto part = [&](std::size_t from, std::size_t count) {
      from = std::min(from, size);
      return Range{from, std::min(count, size - from)};
    };
    const auto part_around = [&](std::size_t at) {
      const std::size_t before = std::min(at, around);
      return part(at - before, before + around);
    };
    const std::size_t any = (tick_ * 31 + salt) * 0x9E3779B97F4A7C15 >> 20;
    return {part_around(touched_.offset), part_around(end),
            part(size == 0 ? 0 : any % size, kPage)};
  }

  template <class Thing>
  void check_parts(const Thing& thing, std::size_t size, std::size_t salt) const {
    for (const Range part : parts_to_check(size, salt)) {
      same(shows(thing, part), true, "content afterwards");
    }
  }

  void check_new(const Held& held) const {
    if (is_large(held) && tick_ % 8 != 0) return check_parts(held, held.expected.size(), 0);
    check_all(held);
  }

  /// Whether it is the turn of a thing whose turn comes after so many steps, later if it is large.
  template <class Thing>
  [[nodiscard]] bool is_turn(const Thing& thing, std::size_t steps, std::size_t which) const {
    return (tick_ + which) % (is_large(thing) ? 4 * steps : steps) == 0;
  }

  void check(const Subject& s) const {
    const std::size_t size = s.model.data.size();
    same(s.stream().tell(), s.model.position, "position afterwards");
    same(s.stream().size(), size, "size afterwards");
    if (is_turn(s, 4, 0)) return check_all(s);
    check_parts(s, size, 16);
    // All of what was written.
    const std::size_t from = std::min(touched_.offset, size);
    same(shows(s, {from, std::min(touched_.count, size - from)}), true, "content just written");
  }

  void check_spooled(Subject& s) const {
    SpooledIO* const own = s.spooled();
    if (own == nullptr) return;
    const std::size_t limit = own->options().max_size;
    same(own->rolled() || !s.rolled, true, "has rolled back");
    same(own->rolled() || limit == 0 || s.model.data.size() <= limit, true, "has rolled over");
    s.rolled = own->rolled();
    if (!s.rolled || !detail::pages::available() || s.pinned()) return;
    if (!s.model.data.empty()) same(tier_of(own->slice(0, 1)), "file", "tier after the rollover");
  }

  void check_others() const {
    for (const HeldFile& file : files_) {
      if (is_turn(file, 8, 0)) check_all(file);
    }
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (is_turn(kept_[i], 16, i)) {
        check_all(kept_[i]);
      } else {
        check_parts(kept_[i], kept_[i].expected.size(), i);
      }
    }
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
      check_parts(subjects_[i], subjects_[i].model.data.size(), 32 + i);
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
    while (files_.size() > 3) {
      check_all(files_.front());
      files_.erase(files_.begin());
    }
    for (Subject& s : subjects_) {
      if (s.views.size() > 3) s.views.erase(s.views.begin(), s.views.begin() + 2);
      if (s.read_views.size() > 3) s.read_views.erase(s.read_views.begin());
    }
    keep_few_large(files_, 1);
    keep_few_large(kept_, 4);
    keep_few_large(subjects_, 2);
    // What a child has it is to have from its parent.
    const bool in_child = child_ == kInChild;
    const std::size_t most = in_child ? 12 : 6;
    while (subjects_.size() > most || (subjects_.size() > 1 && one_in(20))) {
      const std::size_t chosen =
          rarest(subjects_.size(), [&](std::size_t i) { return ~known(subjects_[i].last_state); });
      std::swap(subjects_[chosen], subjects_.back());
      check_all(subjects_.back());
      subjects_.pop_back();
    }
    const std::size_t enough = in_child ? 2 : 5;
    if (subjects_.size() < enough && one_in(3)) subjects_.push_back(new_subject());
  }

  template <class Thing>
  void keep_few_large(std::vector<Thing>& things, std::size_t most) {
    for (;;) {
      std::vector<std::size_t> large;
      for (std::size_t i = 0; i < things.size(); ++i) {
        if (is_large(things[i])) large.push_back(i);
      }
      if (large.size() <= most) return;
      const std::size_t chosen = large[below(large.size())];
      check_all(things[chosen]);
      things.erase(things.begin() + static_cast<std::ptrdiff_t>(chosen));
    }
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
    known_.learn(counts_);
    same(WIFSIGNALED(status) ? WTERMSIG(status) : 0, 0, "a forked process was killed");
    same(status, 0, "status of a forked process");
  }

  /// Both sides go on with what they have, at the same time.
  void fork() {
    if constexpr (kSteered) {
      running_ = "fork";
      join();
      reap();
      // A child makes no stream that is older than itself, and loses those it has as soon as they change:
      // it gets many, and a large one at the most.
      for (std::size_t i = 0; i < kMadeForAChild; ++i)
        subjects_.push_back(subject_to_be_forked(i == 0));
      const std::uint64_t seed = below(std::size_t{1} << 32);
      ++counts_.forks;
      std::fflush(nullptr);
      child_ = ::fork();
      same(child_ >= 0, true, "a process more");
      if (child_ != 0) return extend_some();
      child_ = kInChild;
      last_fresh_ += seed;
      ::_exit(live_as_child(Choices(seed)) ? 0 : 1);
    }
  }

  /// What only one of two processes may do to a file that both have: put more into it. Hardly into what has
  /// none yet and would be elsewhere afterwards.
  void extend_some() {
    for (Subject& s : subjects_) {
      if (!one_in(leaves_tier(s) ? 8 : 2) || s.model.data.size() > s.most) continue;
      put(s, s.model.data.size(), fresh(20 * kPage));
      const Held value{s.stream().getvalue(), s.model.data, s.family};
      do_overwrite(s);
      check_all(value);
      check_all(s);
    }
  }

  bool live_as_child(Choices choices) noexcept {
    try {
      this->choose_anew(std::move(choices));
      for (Subject& s : subjects_) s.forked = s.last_state.forked = true;
      extend_some();
      for (std::size_t i = 0; i < kStepsOfAChild; ++i) step();
      finish();
      kept_.clear();
      subjects_.clear();
      files_.clear();
      const Holdings left = Holdings::now();
      same(left.descriptors, held_without_streams_.descriptors, "descriptors lost");
      same(left.own_mappings, held_without_streams_.own_mappings, "mappings lost");
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
  std::vector<HeldFile> files_;
  std::thread dropper_;
  std::atomic<bool> failed_elsewhere_ = false;
  Range touched_{0, 0};
  KnownCounts known_;
  std::optional<PageFaults> faults_;
  bool disk_breaks_ = false;  // the fault, if there is one, may be in the middle of writing
  std::size_t tick_ = 0;
  std::size_t last_family_ = 0;
  std::uint64_t last_fresh_ = 0;
  bool forks_allowed_ = false;
  bool all_checked_ = false;
  Holdings held_without_streams_{};
  pid_t child_ = 0;
};

template <class Choices>
const std::array<typename StorageMachine<Choices>::Operation, StorageCounts::kOperations>
    StorageMachine<Choices>::kOperations = {{
        {"write", &StorageMachine::do_write, Calls::ToResize},
        {"append", &StorageMachine::do_append, Calls::ToResize},
        {"overwrite", &StorageMachine::do_overwrite, Calls::ToOverwrite},
        {"rewrite", &StorageMachine::do_rewrite, Calls::ToOverwrite},
        {"write own", &StorageMachine::do_write_own, Calls::ToShareAndWrite},
        {"read", &StorageMachine::do_read, Calls::ToShareBesideAView},
        {"readinto", &StorageMachine::do_readinto, Calls::Never},
        {"getvalue", &StorageMachine::do_getvalue, Calls::ToShareBesideAView},
        {"slice", &StorageMachine::do_slice, Calls::ToShareBesideAView},
        {"snapshots", &StorageMachine::do_snapshots, Calls::ToShareAndOverwrite},
        {"reader", &StorageMachine::do_reader, Calls::ToShareBesideAView},
        {"clone", &StorageMachine::do_clone, Calls::ToShareBesideAView},
        {"from bytes", &StorageMachine::do_from_bytes, Calls::ToShareBesideAView},
        {"adopt", &StorageMachine::do_adopt, Calls::Never},
        {"getbuffer", &StorageMachine::do_getbuffer, Calls::ToExpose},
        {"toreadonly", &StorageMachine::do_toreadonly, Calls::ToExpose},
        {"view of bytes", &StorageMachine::do_view_of_bytes, Calls::ToShareAndOverwrite},
        {"write view", &StorageMachine::do_write_view, Calls::ToExpose},
        {"release view", &StorageMachine::do_release_view, Calls::ToOverwriteAfterAView},
        {"truncate", &StorageMachine::do_truncate, Calls::ToCut},
        {"resize", &StorageMachine::do_resize, Calls::ToResize},
        {"reserve", &StorageMachine::do_reserve, Calls::ToResize},
        {"compact", &StorageMachine::do_compact, Calls::ToGiveRoomBack},
        {"clear", &StorageMachine::do_clear, Calls::ToResize},
        {"move", &StorageMachine::do_move, Calls::Never},
        {"close", &StorageMachine::do_close, Calls::ToShareBesideAView},
        {"rollover", &StorageMachine::do_rollover, Calls::ToLeaveMemory},
        {"as path", &StorageMachine::do_as_path, Calls::Always},
        {"writable path", &StorageMachine::do_as_writable_path, Calls::Always},
        {"drop elsewhere", &StorageMachine::do_drop_elsewhere, Calls::ToShareAndOverwrite},
    }};

}  // namespace quire::test
