#include "process_locks.h"

#include <cstdlib>

#include "quire/detail/pages.h"

namespace quire::detail {

constinit ProcessLocks process_locks;

namespace {

void lock_all() noexcept {
  process_locks.spill_blocks.lock_all();
  process_locks.spill_files.lock_all();
  process_locks.reports.lock();
  process_locks.layouts.lock_all();
  process_locks.files.lock_all();
  process_locks.cache.lock();
  process_locks.ledgers.lock();
  process_locks.forks.fetch_add(1, std::memory_order_relaxed);
}

void unlock_all() noexcept {
  process_locks.ledgers.unlock();
  process_locks.cache.unlock();
  process_locks.files.unlock_all();
  process_locks.layouts.unlock_all();
  process_locks.reports.unlock();
  process_locks.spill_files.unlock_all();
  process_locks.spill_blocks.unlock_all();
}

const bool registered = pages::before_and_after_fork(lock_all, unlock_all);

}  // namespace

bool forks_are_noticed() noexcept {
  return registered;
}

}  // namespace quire::detail
