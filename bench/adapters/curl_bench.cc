// Transfers by libcurl's file protocol, which costs next to nothing itself: the callbacks of quire, and
// those that programs have.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

#include <curl/curl.h>
#include <unistd.h>

#include "bench.h"
#include "quire/adapters/curl.h"
#include "quire/bytes_io.h"
#include "thread_time.h"

namespace {

using namespace bench;

std::size_t data_size() {
  return scaled(64 * kMiB);
}

using Easy = std::unique_ptr<CURL, void (*)(CURL*)>;

Easy easy(const std::string& path) {
  Easy handle(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(handle.get(), CURLOPT_URL, ("file://" + path).c_str());
  return handle;
}

/// What is left of a string, and where that is.
struct Rest {
  const char* data;
  std::size_t size;
};

std::size_t append(char* data, std::size_t, std::size_t size, void* to) {
  static_cast<std::string*>(to)->append(data, size);
  return size;
}

std::size_t take(char* data, std::size_t, std::size_t size, void* from) {
  Rest& rest = *static_cast<Rest*>(from);
  const std::size_t count = std::min(size, rest.size);
  std::memcpy(data, rest.data, count);
  rest = {rest.data + count, rest.size - count};
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string data = random_text(data_size());
  const quire::BytesIO stream{quire::Bytes(data)};
  const std::string path = "/tmp/quire-bench-curl-" + std::to_string(::getpid());
  std::ofstream(path, std::ios_base::binary) << data;

  const std::string download = "curl/64 MiB downloaded";
  thread_row(download, "quire", data_size(), [&] {
    const Easy handle = easy(path);
    quire::CurlTransfer transfer(handle.get());
    quire::BytesIO target;
    transfer.download_to(target);
    transfer.perform();
  });
  thread_row(download, "std::string", data_size(), [&] {
    const Easy handle = easy(path);
    std::string target;
    curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, &append);
    curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &target);
    curl_easy_perform(handle.get());
  });

  const std::string upload = "curl/64 MiB uploaded";
  thread_row(upload, "quire", data_size(), [&] {
    const Easy handle = easy("/dev/null");
    quire::CurlTransfer transfer(handle.get());
    transfer.upload_from(stream.reader());
    transfer.perform();
  });
  thread_row(upload, "std::string", data_size(), [&] {
    const Easy handle = easy("/dev/null");
    Rest rest{data.data(), data.size()};
    curl_easy_setopt(handle.get(), CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_READFUNCTION, &take);
    curl_easy_setopt(handle.get(), CURLOPT_READDATA, &rest);
    curl_easy_perform(handle.get());
  });
  const int status = run(argc, argv);
  ::unlink(path.c_str());
  return status;
}
