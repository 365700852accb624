#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>

#include "base/error.h"

namespace mnist_bench {

/// The Error to report for an exception that ends a command or a run. An Error is returned as it
/// is, a standard exception of known cause becomes an Error that names it, and anything else is a
/// bug of this program.
Error as_error(const std::exception& error);

/// The system gave only `started` of `threads` threads.
Error threads_refused(std::int64_t threads, std::size_t started, const std::string& reason);

}  // namespace mnist_bench
