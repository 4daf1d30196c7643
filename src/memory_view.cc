#include "quire/memory_view.h"

namespace quire {

MutableMemoryView::MutableMemoryView(Buffer buffer) : ViewMethods(std::move(buffer), Format()) {
  if (buffer_.kind() == Buffer::Kind::Frozen) detail::throw_read_only();
}

}  // namespace quire
