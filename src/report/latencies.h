#pragma once

#include <string>
#include <vector>

#include "record/latency.h"
#include "report/groups.h"

namespace mnist_bench {

/// Gives each group the latencies of its networks for one image: those with its config hash and,
/// where they name a seed, of one of its completed runs. Of these only the native engine's count
/// where there are any, then those with the fewest threads, then those of runs where there are any,
/// each seed once. Returns sentences on what is left out because it belongs to no group, and where
/// no group has one of a single image.
std::vector<std::string> join_latencies(std::vector<RunGroup>& groups,
                                        const std::vector<Latency>& latencies);

}  // namespace mnist_bench
