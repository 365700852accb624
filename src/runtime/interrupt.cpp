#include "runtime/interrupt.h"

#include <unistd.h>

#include <csignal>

#include "base/error.h"

namespace mnist_bench {
namespace {

volatile std::sig_atomic_t signals_seen = 0;  // written by the handler, so it cannot be a local

void on_signal(int) {
  if (signals_seen != 0) _exit(static_cast<int>(ExitCode::interrupted_twice));
  signals_seen = 1;
}

}  // namespace

void watch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A reader of our output that goes away must not take the run and its record with it.
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() { return signals_seen != 0; }

}  // namespace mnist_bench
