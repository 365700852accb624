#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/judge.h"
#include "paper/claims.h"

// What claims have in common that an experiment of its own decides: runs that differ from the
// paper's in a few settings, compared seed by seed.

namespace mnist_bench {

/// A number of each run.
struct Measured {
  const char* what;    ///< "accuracy after one epoch"
  const char* metric;  ///< the key of the one by whose rules it is written
  std::optional<double> (*value)(const RunResult&);

  [[nodiscard]] const Metric& rules() const { return metric_of(metric); }
};

extern const Measured kFirstAccuracy;
extern const Measured kFirstLoss;
extern const Measured kFirstSeconds;
extern const Measured kLastAccuracy;
extern const Measured kTrainSeconds;

/// One of two sides of a comparison.
struct Side {
  std::string name;
  const RunGroup* runs = nullptr;
};

/// What is compared of two sides, where it is not a number of the run's record.
struct Quantity {
  std::string what;  ///< as of Measured
  const Metric& rules;
  Better better;
  std::int64_t images = 0;  ///< what a share is one of
};

/// One side's values of it.
struct Sample {
  std::string name;
  ValuesBySeed values;
};

/// "95.2 ± 0.3"
std::string mean_text(const Measured& measured, const RunGroup& runs);

/// The judge's word on whether `b` is better than `a`, with the sign of "better", and a finding on
/// the two added to `findings`. `model`: whose, "MLP".
NamedJudgement compare_sides(const std::string& model, const Quantity& quantity, const Sample& a,
                             const Sample& b, std::vector<std::string>& findings);
NamedJudgement compare_sides(const std::string& model, const Measured& measured, const Side& a,
                             const Side& b, std::vector<std::string>& findings);

/// Concludes a claim that the second side is better in each of the comparisons, or says what of its
/// experiment is missing: a verdict must not depend on which part of it somebody ran. The
/// comparisons' tests are added to the claim's.
void conclude(PaperClaim& claim, const std::vector<NamedJudgement>& judgements,
              const std::vector<std::string>& missing);
/// The second of these alone; whether nothing is missing.
bool is_complete(PaperClaim& claim, const std::vector<std::string>& missing);

/// The group if a run of each of the seeds that `reference` has completed has ended, completed or
/// diverged; of a deterministic group one run counts for all seeds. Else null, and `what` is added
/// to `missing`, with how many of the seeds it lacks. `group` may be null.
const RunGroup* with_all_seeds(const RunGroup* group, const RunGroup& reference,
                               const std::string& what, std::vector<std::string>& missing);

/// Whether each completed run of the group has a value; of a deterministic group any.
bool has_all_values(const ValuesBySeed& values, const RunGroup& group);

/// Those with completed runs; the others are added to `missing`.
std::vector<PaperModel> models_of(const PaperEvidence& evidence, std::vector<std::string>& missing);

/// The groups, on the same kind of device, that differ from `of` in some of these keys and in no
/// other ("training.epochs"; "optimizer." for all of a section). Those with the most completed runs
/// first; without those of which no run has ended, completed or diverged.
std::vector<const RunGroup*> variants_of(const PaperEvidence& evidence, const RunGroup& of,
                                         const std::vector<std::string>& keys);

/// The variant of `of` in which `is_wanted` holds; null: there is none.
template <class Predicate>
const RunGroup* variant(const PaperEvidence& evidence, const RunGroup& of,
                        const std::vector<std::string>& keys, const Predicate& is_wanted) {
  for (const RunGroup* group : variants_of(evidence, of, keys)) {
    if (is_wanted(config_of(*group))) return group;
  }
  return nullptr;
}

/// The accuracies of the group's runs on the data set `data` ("test", "train") after a transform,
/// by the engine that trained them.
ValuesBySeed accuracies_on(const PaperEvidence& evidence, const RunGroup& group,
                           const std::string& data, const std::string& spec);

}  // namespace mnist_bench
