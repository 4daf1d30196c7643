// in_child: a part of a test that runs in a forked process.
//
// Lifetime: the child ends with the call. Thread: one.
#pragma once

#include <exception>

#include <sys/wait.h>
#include <unistd.h>

namespace quire::test {

/// Runs `work` in a child process, and `meanwhile` in this one. Returns the status that `work`
/// returned, or 98 if it threw, or minus the signal that killed it.
template <class Work, class Meanwhile>
int in_child(Work work, Meanwhile meanwhile) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 98;
    try {
      status = work();
    } catch (const std::exception&) {
    }
    ::_exit(status);
  }
  meanwhile();
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

template <class Work>
int in_child(Work work) {
  return in_child(work, [] {});
}

}  // namespace quire::test
