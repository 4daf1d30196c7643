// Long work without the interpreter's lock: on memory that nobody else can change meanwhile.
//
// A stream whose storage is worked on gives it away for that time. Who calls one of its methods finds
// neither bytes nor a core, and waits: as long as all is well no method looks for more than these two.
//
// Lifetime: scopes on the stack of the thread that works, which has a reference to the stream. Thread:
// each begins and ends with the interpreter's lock.
#pragma once

#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include <unistd.h>

#include "bytes_io.h"
#include "without_lock.h"

namespace quire::python {

/// From this size on a copy lets go of the interpreter's lock.
inline constexpr Py_ssize_t kLongCopy = Py_ssize_t{1} << 20;

/// What others wait for while a thread works on a stream's storage. Not on that thread's stack: in a
/// forked child there is no such thread, and the stack may be another's.
struct Work : std::enable_shared_from_this<Work> {
  std::mutex mutex;  // held by the thread that works
  const pid_t process = getpid();
};

/// Takes the storage of a stream away from all others and lets go of the interpreter's lock; keeps
/// both when others have waited already, or there is no memory. REQUIRES: the stream is open and has no exports
class StorageAway {
 public:
  explicit StorageAway(BytesIOObject* self) noexcept : self_(self) {
    // They would find the storage away again, as long as one call like this follows the other.
    if (self->waiting != 0) return;
    try {
      work_ = std::make_shared<Work>();
    } catch (const std::bad_alloc&) {
      return;
    }
    work_->mutex.lock();
    self->work = work_.get();
    buf_ = std::exchange(self->buf, nullptr);
    core_ = std::exchange(self->core, nullptr);
    without_lock_.emplace();
  }

  StorageAway(const StorageAway&) = delete;
  StorageAway& operator=(const StorageAway&) = delete;

  ~StorageAway() {
    if (work_ == nullptr) return;
    without_lock_.reset();
    self_->buf = buf_;
    self_->core = core_;
    self_->work = nullptr;
    work_->mutex.unlock();
  }

 private:
  BytesIOObject* self_;
  std::shared_ptr<Work> work_;
  PyObject* buf_ = nullptr;
  CoreStream* core_ = nullptr;
  std::optional<WithoutLock> without_lock_;
};

}  // namespace quire::python
