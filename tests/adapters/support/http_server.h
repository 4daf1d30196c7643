// HttpServer: http_server.py, in a process of its own.
//
// Lifetime: ends with the object. Thread: any number of clients.
#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace quire::test {

class HttpServer {
 public:
  HttpServer() {
    std::array<int, 2> input{};
    std::array<int, 2> output{};
    if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0)
      std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(input[0], STDIN_FILENO);
      ::dup2(output[1], STDOUT_FILENO);
      ::execlp("python3", "python3", QUIRE_SOURCE_DIR "/tests/adapters/support/http_server.py",
               static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    std::FILE* const said = ::fdopen(output[0], "r");
    if (std::fscanf(said, "%d", &port_) != 1) std::abort();
    std::fclose(said);
  }

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  ~HttpServer() {
    ::close(input_);
    ::waitpid(child_, nullptr, 0);
  }

  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  pid_t child_ = -1;
  int input_ = -1;
  int port_ = 0;
};

}  // namespace quire::test
