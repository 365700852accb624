#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>

#include "base/error.h"

namespace mnist_bench {

/// What is said of any exception that reaches the end of a command or of a run: an Error is itself;
/// those of the standard library whose cause is known say it; the rest is a fault of this program.
Error as_error(const std::exception& error);

/// The system gave only `started` of `threads` threads.
Error threads_refused(std::int64_t threads, std::size_t started, const std::string& reason);

}  // namespace mnist_bench
