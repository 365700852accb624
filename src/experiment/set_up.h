#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>
#include <string>

#include "config/experiment.h"
#include "experiment/observer.h"
#include "runtime/default_threads.h"

namespace mnist_bench {

/// Gives LibTorch `wanted` CPU threads, or this machine's default.
DefaultThreads set_up_threads(std::optional<std::int64_t> wanted, Observer& observer);

/// Chooses and prepares the device that `wanted` names for an engine: float32 throughout, with the
/// memory peak reset. Without an engine, for k-NN and SVM, it is the CPU. Throws Error(usage) for
/// one that cannot be used.
c10::Device set_up_device(std::optional<Engine> engine, const std::string& wanted,
                          Observer& observer);

}  // namespace mnist_bench
