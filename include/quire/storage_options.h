// StorageOptions: how a stream keeps its bytes. An aggregate: name what you change.
//
//   BytesIO f(StorageOptions{.size_limit = 64 << 20});
#pragma once

#include <cstddef>

#include "quire/slice.h"

namespace quire {

struct StorageOptions {
  /// The most bytes the stream may hold; past it writes throw std::length_error. For input from
  /// strangers.
  std::size_t size_limit = npos;
};

}  // namespace quire
