#pragma once

#include <exception>

#include "base/error.h"

namespace mnist_bench {

/// The error that broke a run, for its record and for the command. Only LibTorch's exceptions are
/// attributed to LibTorch.
Error run_error(const std::exception& error);

}  // namespace mnist_bench
