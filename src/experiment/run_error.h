#pragma once

#include <exception>

#include "base/error.h"

namespace mnist_bench {

/// What broke a run, in the words of its record and of the error that ends the command. Only what
/// LibTorch throws is called LibTorch's.
Error run_error(const std::exception& error);

}  // namespace mnist_bench
