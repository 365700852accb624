#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/sha256.h"
#include "config/write.h"
#include "report/evaluations.h"
#include "report/stored_runs.h"

namespace mnist_bench {

inline std::int64_t right_in(const ConfusionMatrix& counts) {
  std::int64_t right = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) right += counts[i][i];
  return right;
}

/// The evaluation of a run of `run_with` after `spec`, with `right` of the 10,000 images right.
inline StoredEvaluation evaluated(const StoredRun& run, const std::string& spec, std::int64_t right,
                                  const std::optional<std::string>& suite = std::nullopt) {
  Evaluation evaluation;
  evaluation.run = {.config_hash = config_hash(run.result.config),
                    .seed = static_cast<std::int64_t>(run.result.config.seed),
                    .parameters_sha256 = run.result.parameters_sha256.value_or(""),
                    .engine = "native"};
  evaluation.engine = "native";
  evaluation.transform = parse_spec(spec, "test");
  evaluation.suite = suite;
  evaluation.data = {.dataset = "mnist", .samples = 10'000, .sha256 = std::string(64, 'd')};
  evaluation.test = *run_with("any", 1, right).test;
  const std::int64_t lost = right_in(run.result.test->confusion) - right;
  evaluation.against_clean = {.accuracy_change = -static_cast<double>(lost) / 10'000.0,
                              .right_to_wrong = lost + 5,
                              .wrong_to_right = 5};
  evaluation.provenance = *run.result.provenance;
  return {.file = evaluation_file(run.folder, kOwnTestSet, evaluation.transform, std::nullopt),
          .data = kOwnTestSet,
          .evaluation = evaluation};
}

/// How many of 10,000 images are right after each SPEC, by seed from 1 on.
using RightBySpec = std::map<std::string, std::vector<std::int64_t>>;

inline void evaluate_group(const RunGroup& group, const RightBySpec& right,
                           EvaluationsOfRuns& evaluations,
                           const std::optional<std::string>& suite = std::nullopt) {
  for (const auto& [spec, counts] : right) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const StoredRun& run = group.completed.at(i);
      evaluations[run.folder].push_back(evaluated(run, spec, counts[i], suite));
    }
  }
}

/// The runs in `folder`, with parameters whose hashes are some, and these evaluations as files.
inline std::vector<StoredRun> runs_on_disk(const std::filesystem::path& folder,
                                           const std::string& name,
                                           const std::vector<std::int64_t>& clean,
                                           const RightBySpec& right) {
  std::vector<StoredRun> runs = runs_with(name, clean);
  for (StoredRun& run : runs) {
    run.folder = folder / run.folder;
    run.result.parameters_sha256 = sha256_hex(*run.result.parameters_sha256);
  }
  for (const auto& [spec, counts] : right) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const StoredEvaluation stored = evaluated(runs.at(i), spec, counts[i], "mine");
      create_folders(stored.file.parent_path());
      write_file_atomically(stored.file, evaluation_text(stored.evaluation));
    }
  }
  return runs;
}

}  // namespace mnist_bench
