#pragma once

namespace mnist_bench {

/// From now on the first Ctrl-C or SIGTERM only sets a flag, so that the run can end after the
/// current step with its record; the second ends the process at once with exit code 130.
/// A closed pipe no longer kills the process either.
void watch_interrupts();

/// Whether the first has come.
bool interrupted();

}  // namespace mnist_bench
