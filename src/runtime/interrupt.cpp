#include "runtime/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <string_view>

#include "base/error.h"

namespace mnist_bench {
namespace {

volatile std::sig_atomic_t signals_seen = 0;  // written by the handler, so it cannot be a local

bool at_terminal = false;

void on_signal(int) { signals_seen = 1; }

void on_signal_or_exit(int signal) {
  if (signals_seen != 0) _exit(static_cast<int>(ExitCode::interrupted_twice));
  on_signal(signal);
  constexpr std::string_view kHeard =
      "\nstopping after the current step; once more to stop at once\n";
  if (at_terminal) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kHeard.data(), kHeard.size());
  }
}

void watch(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A reader of our output that goes away must not take the run and its record with it.
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

void watch_interrupts() {
  at_terminal = ::isatty(STDERR_FILENO) != 0;
  watch(on_signal_or_exit);
}

void watch_interrupts_of_worker() { watch(on_signal); }

bool interrupted() { return signals_seen != 0; }

}  // namespace mnist_bench
