#pragma once

namespace mnist_bench {

/// From now on Ctrl-C, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 only set a flag, so that the run can
/// end after the current step with its record; a second Ctrl-C or SIGTERM ends the process at once
/// with exit code 130. Signals that are ignored already stay ignored. A closed pipe no longer kills
/// the process either.
void handle_interrupts();

/// The same for a worker, which a second signal does not end: a batch system may signal both the
/// worker and the sweep, which passes its signals on. A worker ends with its sweep.
void handle_interrupts_of_worker();

/// Whether one of these signals has come.
bool interrupted();

}  // namespace mnist_bench
