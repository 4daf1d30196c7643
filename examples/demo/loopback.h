// A TCP connection of the program with itself, to send a file through and check it on the other side.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quire/quire.h"

namespace demo {

/// Sends all of `view` over a loopback socket to a thread that receives it into a buffer made
/// beforehand, and returns the CRC-32 of what arrived.
/// Errors: std::system_error; std::runtime_error when the connection ends early.
std::uint32_t send_over_loopback(quire::MemoryView view);

}  // namespace demo
