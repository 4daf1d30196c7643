// The program of docs/adapters/curl.md.
#include "quire/adapters/curl.h"

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include <curl/curl.h>
#include <unistd.h>

#include "quire/quire.h"

using namespace quire;

int main() {
  // libcurl's file protocol is the same to a transfer as HTTP is, and needs no server.
  const std::string path =
      std::filesystem::temp_directory_path() / ("quire-curl-" + std::to_string(::getpid()));
  const std::string url = "file://" + path;

  // [upload]
  const std::unique_ptr<CURL, void (*)(CURL*)> handle(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  {
    CurlTransfer transfer(handle.get());
    BytesIO f("HEADthe body of a message"_b);
    f.seek(4);
    transfer.upload_from(f);  // from where it stands
    transfer.perform();
  }
  // [/upload]

  // [download]
  CurlTransfer transfer(handle.get());
  SpooledIO answer(SpooledOptions{.max_size = 1 << 20});
  transfer.download_to(answer);
  transfer.perform();
  std::cout << transfer.received() << ' ' << answer.getvalue() << '\n';
  // [/download]

  // [limit]
  BytesIO small;
  transfer.download_to(small, 10);
  try {
    transfer.perform();
  } catch (const CurlLimitError& error) {
    std::cout << error.what() << '\n';
  }
  // [/limit]

  // [errors]
  transfer.download_to(BytesIO(StorageOptions{.size_limit = 5}));
  try {
    transfer.perform();
  } catch (const std::length_error& error) {
    std::cout << error.what() << '\n';
  }
  // [/errors]

  // [progress]
  transfer.download_to(answer);
  transfer.on_progress(
      [](const CurlProgress& progress) { return progress.downloaded < 1'000'000; });
  transfer.perform();
  // [/progress]
  std::filesystem::remove(path);
}
