// The tests of asio_tests.h with the standalone Asio.
#include "quire/adapters/asio.h"

#include <asio.hpp>

namespace quire {
namespace {

namespace net = asio;
using Error = asio::error_code;

}  // namespace
}  // namespace quire

#include "adapters/support/asio_tests.h"
