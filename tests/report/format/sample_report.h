#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "report/report.h"
#include "report/stored_runs.h"

namespace mnist_bench {

/// Two groups of three and one run, and one run that failed.
inline Report sample_report() {
  std::vector<StoredRun> runs = runs_with("mlp", {9'768, 9'801, 9'775});
  runs.push_back(stored(run_with("cnn", 1, 9'902)));
  RunResult failed = sample_result("mlp", 4);
  failed.status = RunStatus::diverged;
  failed.error = "50 % of \"it\", or more\nis not finite";
  failed.test.reset();
  failed.data.reset();
  runs.push_back(stored(failed));
  return make_report({.runs = runs, .unfinished = {"runs/mlp/seed-5"}});
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace mnist_bench
