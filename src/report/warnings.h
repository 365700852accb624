#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/groups.h"

namespace mnist_bench {

/// Sentences on what limits the comparison of these groups, or the numbers themselves: runs left
/// out, different test images, times taken under different conditions, builds that should not be
/// measured. Empty when there is nothing to warn of. `why_not_ranked`: by the images held back;
/// empty where the groups are ranked, or nobody asks for a ranking.
std::vector<std::string> report_warnings(const std::vector<RunGroup>& groups,
                                         const std::vector<std::filesystem::path>& unfinished,
                                         const std::string& why_not_ranked = {});

/// "mlp seed 3: diverged: the training loss is no longer finite (runs/mlp/seed-3)", one for each
/// failed run.
std::vector<std::string> failed_lines(const std::vector<RunGroup>& groups);

}  // namespace mnist_bench
