#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/groups.h"

namespace mnist_bench {

/// The most values or runs that one warning names.
inline constexpr std::size_t kMostListed = 5;

/// Sentences on what the runs were made under, where it limits how far their numbers can be
/// compared: test images, devices, builds, machines.
std::vector<std::string> condition_warnings(const std::vector<RunGroup>& groups);

}  // namespace mnist_bench
