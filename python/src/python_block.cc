// Blocks whose memory belongs to a Python object.
#include "python_block.h"

#include <atomic>
#include <cstddef>

#include "errors.h"

namespace quire::python {

namespace {

/// A buffer that is held; of a bytes object it is the object, as nothing ever moves its memory.
struct HeldBlock : detail::Block {
  Py_buffer buffer;
  HeldBlock* next;
};

void free_block(HeldBlock* block) noexcept {
  PyBuffer_Release(&block->buffer);
  delete block;
}

/// Blocks that were let go of without the interpreter's lock.
std::atomic<HeldBlock*> waiting = nullptr;

int free_waiting(void*) noexcept {
  for (HeldBlock* block = waiting.exchange(nullptr); block != nullptr;) {
    HeldBlock* const next = block->next;
    free_block(block);
    block = next;
  }
  return 0;
}

/// Whether this thread may touch Python objects.
[[nodiscard]] bool has_lock() noexcept {
#if defined(Py_LIMITED_API)
  return false;
#elif PY_VERSION_HEX >= 0x030d0000
  return PyThreadState_GetUnchecked() != nullptr;
#elif PY_VERSION_HEX >= 0x030c0000
  return _PyThreadState_UncheckedGet() != nullptr;
#else
  // The state of whichever thread has the lock.
  PyThreadState* const state = _PyThreadState_UncheckedGet();
  return state != nullptr && state == PyGILState_GetThisThreadState();
#endif
}

// Never waits for the lock: the thread that has it may be waiting for one that the caller holds.
void destroy(detail::Block* block) noexcept {
  auto* const mine = static_cast<HeldBlock*>(block);
  // After the interpreter is gone so is the object.
  if (Py_IsInitialized() == 0) return;
  if (has_lock()) {
    free_block(mine);
    return;
  }
  mine->next = waiting.load();
  while (!waiting.compare_exchange_weak(mine->next, mine)) {
  }
  // When the interpreter's own list is full the next block that is made frees these.
  static_cast<void>(Py_AddPendingCall(free_waiting, nullptr));
}

constexpr detail::BlockKind kObjectKind{"python", destroy, detail::refuse_resize};

/// Takes over the buffer.
/// Errors: std::bad_alloc; the buffer is then still the caller's.
[[nodiscard]] Bytes share_held(const Py_buffer& buffer) {
  if (waiting.load(std::memory_order_relaxed) != nullptr) free_waiting(nullptr);
  auto* const data = static_cast<std::byte*>(buffer.buf);
  const auto size = static_cast<std::size_t>(buffer.len);
  auto* const block = new HeldBlock{{data, size, &kObjectKind, 1, 0}, buffer, nullptr};
  return {detail::BlockRef::adopt(block), data, size};
}

/// A buffer over all of `object`, for writing if it can be. False with an exception set.
[[nodiscard]] bool hold(PyObject* object, Py_buffer* buffer) noexcept {
  if (PyObject_GetBuffer(object, buffer, PyBUF_WRITABLE) == 0) return true;
  if (!PyErr_ExceptionMatches(PyExc_BufferError)) return false;
  PyErr_Clear();
  return PyObject_GetBuffer(object, buffer, PyBUF_SIMPLE) == 0;
}

}  // namespace

Bytes share_object(PyObject* object) {
  Py_buffer buffer{};
  buffer.obj = object;
  buffer.buf = PyBytes_AsString(object);
  buffer.len = PyBytes_Size(object);
  buffer.readonly = 1;
  if (buffer.len == 0) return {};
  Bytes bytes = share_held(buffer);
  Py_INCREF(object);
  return bytes;
}

bool share_buffer(PyObject* object, Bytes* bytes, bool* writable) noexcept {
  Py_buffer buffer{};
  if (!hold(object, &buffer)) return false;
  *writable = buffer.readonly == 0;
  if (buffer.len == 0) {
    PyBuffer_Release(&buffer);
    return true;
  }
  if (guarded_void([&] { *bytes = share_held(buffer); })) return true;
  PyBuffer_Release(&buffer);
  return false;
}

bool belongs_to_python(const detail::Block& block) noexcept {
  return block.kind == &kObjectKind;
}

PyObject* object_of(const detail::Block* block) noexcept {
  if (block == nullptr || !belongs_to_python(*block)) return nullptr;
  PyObject* const object = static_cast<const HeldBlock*>(block)->buffer.obj;
  return PyBytes_CheckExact(object) ? object : nullptr;
}

}  // namespace quire::python
