// Counts what a program asks of malloc and operator new.
#pragma once

#include <cstddef>

namespace demo {

/// Bytes asked for by the calling thread so far.
std::size_t allocated_bytes() noexcept;

}  // namespace demo
