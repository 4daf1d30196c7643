#include "quire/ledger.h"

#include <mutex>
#include <new>

#include "process_locks.h"

namespace quire {

namespace detail {

QUIRE_TLS_MODEL constinit thread_local ThreadLedger current_thread_ledger;

Ledger LedgerCounters::read() const noexcept {
  Ledger ledger;
  for (std::size_t i = 0; i < kCopyReasons; ++i) {
    ledger.copied[i] = copied_[i].load(std::memory_order_relaxed);
    ledger.shared[i] = shared_[i].load(std::memory_order_relaxed);
  }
  return ledger;
}

Ledger LedgerCounters::take() noexcept {
  const Ledger ledger = read();
  for (std::size_t i = 0; i < kCopyReasons; ++i) {
    copied_[i].store(0, std::memory_order_relaxed);
    shared_[i].store(0, std::memory_order_relaxed);
  }
  return ledger;
}

void LedgerCounters::add(const Ledger& reading) noexcept {
  for (std::size_t i = 0; i < kCopyReasons; ++i) {
    add(copied_[i], reading.copied[i]);
    add(shared_[i], reading.shared[i]);
  }
}

namespace {

/// The live threads' counters, as an intrusive list so that joining it cannot fail, and the sum of
/// those that ended.
struct Registration {
  Registration* next = nullptr;
  Registration* previous = nullptr;
  LedgerCounters* counters = nullptr;
};

// Its lock is process_locks.ledgers.
struct Registry {
  Registration head;
  LedgerCounters ended;
};

// Never destroyed: threads may still end while static objects are being torn down.
Registry& registry() noexcept {
  alignas(Registry) static std::byte storage[sizeof(Registry)];
  static Registry* const instance = new (storage) Registry;
  return *instance;
}

struct ThreadRegistration : Registration {
  ThreadRegistration() noexcept {
    Registry& all = registry();
    const std::lock_guard lock(detail::process_locks.ledgers);
    counters = &current_thread_ledger.counters;
    previous = &all.head;
    next = all.head.next;
    if (next != nullptr) next->previous = this;
    all.head.next = this;
  }

  ~ThreadRegistration() {
    Registry& all = registry();
    const std::lock_guard lock(detail::process_locks.ledgers);
    all.ended.add(counters->read());
    previous->next = next;
    if (next != nullptr) next->previous = previous;
  }

  ThreadRegistration(const ThreadRegistration&) = delete;
  ThreadRegistration& operator=(const ThreadRegistration&) = delete;
};

}  // namespace

void register_thread_ledger() noexcept {
  // Set first: what the registration itself does must not come here again.
  current_thread_ledger.registered = true;
  thread_local const ThreadRegistration registration;
}

}  // namespace detail

const char* to_string(CopyReason reason) noexcept {
  switch (reason) {
    case CopyReason::Growth:
      return "growth";
    case CopyReason::CopyOnWrite:
      return "copy-on-write";
    case CopyReason::GetValue:
      return "getvalue";
    case CopyReason::Caller:
      return "caller's buffer";
  }
  return "unknown";
}

Ledger thread_ledger() noexcept {
  return detail::thread_counters().read();
}

Ledger process_ledger() noexcept {
  detail::thread_counters();
  detail::Registry& all = detail::registry();
  const std::lock_guard lock(detail::process_locks.ledgers);
  detail::LedgerCounters sum;
  sum.add(all.ended.read());
  for (const detail::Registration* r = all.head.next; r != nullptr; r = r->next) {
    sum.add(r->counters->read());
  }
  return sum.read();
}

}  // namespace quire
