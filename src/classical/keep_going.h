#pragma once

#include <functional>

namespace mnist_bench::classical {

/// Called by the calling thread between pieces of work, with how much of it is done, 0 … 1. False
/// ends it: the result is then absent.
using KeepGoing = std::function<bool(double done)>;

}  // namespace mnist_bench::classical
