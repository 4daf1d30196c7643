// quire.BytesIO as its files see it: the object, and what one file asks of another.
//
// A stream is in one of four states:
//
//   bytes    `buf` is a bytes object, of which the first `size` bytes are the stream's and the rest is
//            room; nothing is copied to hand it out. All hot paths are here.
//   core     `core` holds a stream of the core, which shares pages; `buf` is null
//   away     both are null, and `work` is not: a thread works on what they were (storage_away.h)
//   closed   all are null
//
// A bytes object that somebody else refers to is left, not changed, by the next write. While a writable
// view lives (`exports`), nobody else refers to it but the objects that the views are of, nothing is
// handed out, and the size stays.
//
// Lifetime: as Python's. Thread: the interpreter's lock; it is let go of only around long copies: out of
// a bytes object that has been given one more reference, so that who writes meanwhile leaves it, and
// while the storage is away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "bytes_storage.h"
#include "module_state.h"
#include "python_api.h"
#include "quire/buffer.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"

namespace quire::python {

/// The core's side of a stream that shares pages.
struct CoreStream {
  CoreStream(std::unique_ptr<quire::BytesIO> owned, bool others_look) noexcept
      : stream(std::move(owned)), foreign(others_look) {}

  CoreStream(const CoreStream&) = delete;
  CoreStream& operator=(const CoreStream&) = delete;
  ~CoreStream();

  /// Tells tracemalloc what memory the stream has after a change of that many bytes: at once if they are
  /// many, or after some more changes.
  void trace(std::size_t changed = SIZE_MAX) noexcept;

  std::unique_ptr<quire::BytesIO> stream;
  Reference value;      // what getvalue() gave, until the next change
  quire::Bytes lent;    // of memory that is not to be written to, until the stream has left it
  bool foreign;         // begun over memory that others can look at and change: never away
  bool traced = false;  // under its own name: a block that does not answer for itself
  const detail::Block* told = nullptr;  // of which tracemalloc was told last
  std::size_t untold = 0;               // how much may have changed since
};

struct Work;

/// Begins as the interpreter's own IOBase does, which finds its members there.
struct BytesIOObject {
  PyObject_HEAD PyObject* dict;
  PyObject* weak_references;
  PyObject* buf;
  Py_ssize_t pos;
  Py_ssize_t size;
  Py_ssize_t exports;
  CoreStream* core;
  Work* work;         // of the thread that has the storage
  unsigned waiting;   // threads, for that one's work
  unsigned storages;  // how many times the storage was dropped: a view of an old one is no export
  bool keep_open;     // close() does nothing
  bool closes_under_view;  // close() succeeds while a view lives
};

[[nodiscard]] inline BytesIOObject* as_stream(PyObject* object) noexcept {
  return reinterpret_cast<BytesIOObject*>(object);
}

[[nodiscard]] inline PyObject* as_object(BytesIOObject* self) noexcept {
  return reinterpret_cast<PyObject*>(self);
}

/// The state of the module, from any object of its streams, subclasses included.
[[nodiscard]] ModuleState& state_of_stream(BytesIOObject* self) noexcept;

/// A new stream of exactly quire.BytesIO: closed, all members zero. Null with an exception set.
[[nodiscard]] BytesIOObject* new_stream(PyTypeObject* type) noexcept;

/// Makes a stream that was just made start with the bytes object, position 0.
inline void begin_with(BytesIOObject* self, PyObject* bytes) noexcept {
  self->buf = Py_NewRef(bytes);
  self->size = bytes_size(bytes);
}

/// Waits until no thread works on the storage.
[[gnu::noinline]] void wait_for_work(BytesIOObject* self) noexcept;

/// Whether `buf` holds the bytes. If not, `core` does, or the stream is closed.
[[nodiscard]] inline bool over_bytes(BytesIOObject* self) noexcept {
  if (self->buf != nullptr) [[likely]] {
    return true;
  }
  if (self->work != nullptr) wait_for_work(self);
  return self->buf != nullptr;
}

[[nodiscard]] inline bool is_open(BytesIOObject* self) noexcept {
  return over_bytes(self) || self->core != nullptr;
}

// --- bytes_io.cc: a stream over a bytes object ---------------------------------------------------

/// Cuts `buf` to the size, for others to share it. REQUIRES: `buf`, no exports. False with
/// MemoryError set.
[[nodiscard]] bool trim(BytesIOObject* self) noexcept;

/// Makes `buf` the stream's own, of `room` bytes in all. REQUIRES: `buf`, no exports, room >= size.
/// False with an exception set and nothing changed.
[[nodiscard, gnu::noinline]] bool make_own(BytesIOObject* self, Py_ssize_t room) noexcept;

/// Bytes to be written. Without the interpreter's lock if they are many and nobody can change them.
struct Source {
  const char* data;
  Py_ssize_t size;
  bool frozen;
};

[[nodiscard]] inline Source source_of(const Py_buffer& buffer) noexcept {
  return {static_cast<const char*>(buffer.buf), buffer.len, buffer.readonly != 0};
}

/// Writes at the position, in whatever state the stream is. False with an exception set.
[[nodiscard]] bool write_any(BytesIOObject* self, const Source& source) noexcept;

/// A copy of [at, at + size), which is inside the stream, as a bytes object. REQUIRES: `buf`
[[nodiscard]] PyObject* copy_out(BytesIOObject* self, Py_ssize_t at, Py_ssize_t size) noexcept;

/// All bytes as an exact bytes object, in whatever state the stream is.
[[nodiscard]] PyObject* value_of(BytesIOObject* self) noexcept;

/// Lets go of the memory, in whatever state the stream is, and leaves views the memory they see.
void drop_storage(BytesIOObject* self) noexcept;

// --- bytes_io_core.cc: a stream of the core ------------------------------------------------------

// Each raises CLOSED when there is no core stream either. None is inlined: the registers that they need
// would be saved by each method over a bytes object, too.
[[nodiscard, gnu::noinline]] PyObject* core_read(BytesIOObject* self, Py_ssize_t size) noexcept;
[[nodiscard, gnu::noinline]] PyObject* core_readline(BytesIOObject* self, Py_ssize_t size) noexcept;
[[nodiscard, gnu::noinline]] PyObject* core_read_at(BytesIOObject* self, Py_ssize_t at,
                                                    Py_ssize_t size) noexcept;
[[nodiscard, gnu::noinline]] PyObject* core_getvalue(BytesIOObject* self) noexcept;
[[nodiscard, gnu::noinline]] PyObject* core_seek(BytesIOObject* self, Py_ssize_t position) noexcept;
[[nodiscard, gnu::noinline]] PyObject* core_tell(BytesIOObject* self) noexcept;
[[nodiscard, gnu::noinline]] PyObject* core_size(BytesIOObject* self) noexcept;
[[nodiscard, gnu::noinline]] PyObject* core_readinto(BytesIOObject* self,
                                                     const Py_buffer& target) noexcept;
[[nodiscard, gnu::noinline]] PyObject* core_truncate(BytesIOObject* self, Py_ssize_t size) noexcept;
[[nodiscard, gnu::noinline]] bool core_write(BytesIOObject* self, const Source& source) noexcept;
[[nodiscard, gnu::noinline]] bool core_write_at(BytesIOObject* self, Py_ssize_t at,
                                                const Source& source) noexcept;
[[nodiscard, gnu::noinline]] bool core_resize(BytesIOObject* self, Py_ssize_t size) noexcept;
[[nodiscard, gnu::noinline]] bool core_reserve(BytesIOObject* self, Py_ssize_t size) noexcept;

// --- bytes_io_sharing.cc: what io.BytesIO does not have ------------------------------------------

[[nodiscard]] PyObject* snapshot(PyObject* self, PyObject*) noexcept;
[[nodiscard]] PyObject* reader(PyObject* self, PyObject*) noexcept;
[[nodiscard]] PyObject* clone(PyObject* self, PyObject*) noexcept;
[[nodiscard]] PyObject* read_view(PyObject* self, PyObject* const* arguments,
                                  Py_ssize_t count) noexcept;
[[nodiscard]] PyObject* peek(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept;
[[nodiscard]] PyObject* read_at(PyObject* self, PyObject* const* arguments,
                                Py_ssize_t count) noexcept;
[[nodiscard]] PyObject* write_at(PyObject* self, PyObject* const* arguments,
                                 Py_ssize_t count) noexcept;
[[nodiscard]] PyObject* resize(PyObject* self, PyObject* size) noexcept;
[[nodiscard]] PyObject* reserve(PyObject* self, PyObject* size) noexcept;
[[nodiscard]] PyObject* adopt(PyObject* type, PyObject* buffer) noexcept;

/// Who asks for shared bytes.
enum class Sharing {
  Once,    ///< whoever reads: a large stream stays the bytes object that it is
  Always,  ///< whoever takes snapshots: a large stream moves to where writes copy pages only
};

/// All bytes of the stream, shared where that can be. False with an exception set.
[[nodiscard]] bool share_all(BytesIOObject* self, Sharing sharing, quire::Bytes* bytes) noexcept;

/// A new quire.BytesIO that goes on over a stream of the core. Null with an exception set.
[[nodiscard]] PyObject* wrap_stream(ModuleState& state, std::unique_ptr<quire::BytesIO> stream,
                                    bool foreign) noexcept;

// --- bytes_io_view.cc: what a memoryview of a stream is a view of ---------------------------------

[[nodiscard]] PyObject* new_writable_view(BytesIOObject* self) noexcept;
[[nodiscard]] PyObject* new_readonly_view(BytesIOObject* self) noexcept;
[[nodiscard]] bool add_bytes_io_view(PyObject* module, ModuleState& state);

}  // namespace quire::python
