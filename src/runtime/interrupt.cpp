#include "runtime/interrupt.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace mnist_bench {
namespace {

// Written by the handlers, so they cannot be locals.
volatile std::sig_atomic_t signal_seen = 0;
volatile std::sig_atomic_t urgent_seen = 0;

bool at_terminal = false;

/// Ctrl-C and SIGTERM ask for an end, the second time at once. The others announce one, and may
/// come twice for one reason: the kernel and the shell both signal that a terminal is gone
/// (SIGHUP), and a batch system signals a script and its steps (SIGUSR1).
constexpr std::array kUrgent = {SIGINT, SIGTERM};
constexpr std::array kNotices = {SIGHUP, SIGUSR1, SIGUSR2};

void on_notice(int) { signal_seen = 1; }

void on_urgent(int) {
  if (urgent_seen != 0) _exit(static_cast<int>(ExitCode::interrupted_twice));
  signal_seen = 1;
  urgent_seen = 1;
  constexpr std::string_view kHeard =
      "\nstopping after the current step; interrupt again to stop at once\n";
  if (at_terminal) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kHeard.data(), kHeard.size());
  }
}

template <std::size_t Count>
void handle(const std::array<int, Count>& signals, void (*handler)(int)) {
  for (const int signal : signals) {
    struct sigaction before {};
    // A signal that is ignored at the start stays ignored: nohup, a background job.
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    sigaction(signal, &action, nullptr);
  }
  // A reader of our output that goes away must not end the run without its record.
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

void handle_interrupts() {
  at_terminal = ::isatty(STDERR_FILENO) != 0;
  handle(kUrgent, on_urgent);
  handle(kNotices, on_notice);
}

void handle_interrupts_of_worker() {
  handle(kUrgent, on_notice);
  handle(kNotices, on_notice);
}

bool interrupted() { return signal_seen != 0; }

}  // namespace mnist_bench
