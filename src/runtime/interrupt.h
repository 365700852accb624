#pragma once

namespace mnist_bench {

/// From now on the first Ctrl-C or SIGTERM only sets a flag, so that the run can end after the
/// current step with its record; the second ends the process at once with exit code 130.
/// A closed pipe no longer kills the process either.
void watch_interrupts();

/// The same for a worker, which a second signal does not end: a batch system may signal it as well
/// as the sweep, which passes on what it gets and whose own end ends the worker.
void watch_interrupts_of_worker();

/// Whether the first has come.
bool interrupted();

}  // namespace mnist_bench
