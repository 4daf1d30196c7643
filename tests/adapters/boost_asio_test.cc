// The tests of asio_tests.h with the Asio of Boost.
#include <utility>  // which Boost 1.74 forgets

#include <boost/asio.hpp>

#include "quire/adapters/asio.h"

namespace quire {
namespace {

namespace net = boost::asio;
using Error = boost::system::error_code;

}  // namespace
}  // namespace quire

#include "adapters/support/asio_tests.h"
