#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "paper/claims.h"
#include "paper/paper_runs.h"
#include "report/evaluated_runs.h"
#include "transform/suite.h"

namespace mnist_bench {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

/// What a seed does to all runs alike, and a little to each.
double scatter(std::uint64_t seed) { return 0.001 * static_cast<double>(seed % 3); }

/// Six runs of a model whose config `change` changes, with these values of the first epoch.
std::vector<StoredRun> six(const ModelConfig& model,
                           const std::function<void(ExperimentConfig&)>& change, double loss,
                           double accuracy) {
  std::vector<StoredRun> runs;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    RunResult run = mnist_run(model, seed, Sizes(10, 20 + static_cast<std::int64_t>(seed)));
    change(run.config);
    run.epochs.front().train_loss = loss + scatter(seed);
    run.epochs.front().test->accuracy = accuracy - scatter(seed + 1);
    run.parameters_sha256.reset();
    runs.push_back(stored(run));
  }
  return runs;
}

void nothing(ExperimentConfig& /*config*/) {}

PaperClaim claim_on(const std::vector<std::vector<StoredRun>>& parts, const std::string& place,
                    const std::string& words, const EvaluationsOfRuns& evaluations = {}) {
  std::vector<StoredRun> runs;
  for (const auto& part : parts) runs.insert(runs.end(), part.begin(), part.end());
  return claim_of(check_paper(group_runs(runs), evaluations), place, words);
}

TEST(ExperimentClaims, AreOpenWithoutTheirExperimentAndNameIt) {
  for (const auto& [place, words, sweep] :
       {std::tuple("Sec. 3.6", "faster convergence", "normalization.json"),
        {"Sec. 3.9", "SGD", "sgd.json"},
        {"Sec. 3.10", "initialization", "initialization.json"},
        {"Sec. 3.10", "minibatches", "batches.json"},
        {"Sec. 3.5", "overfitting", "dropout.json"},
        {"Sec. 3.10, eq. 20", "magnitude", "initialization.json"},
        {"Sec. 5.2", "trade-off", "efficiency.json"},
        {"Sec. 6", "small-scale", "data.json"},
        {"Sec. 2", "higher-resolution", "resolution.json"},
        {"Sec. 2", "manual feature", "classical.json"},
        {"Sec. 6", "augmentation", "augmentation.json"},
        {"Sec. 6", "ResNet", "classifiers.json"}}) {
    const PaperClaim claim = claim_on({six(MlpConfig{}, nothing, 0.3, 0.95)}, place, words);
    EXPECT_EQ(claim.verdict, ClaimVerdict::open) << words;
    EXPECT_THAT(claim.findings, Contains(HasSubstr("is not complete")));
    EXPECT_THAT(claim.experiment, HasSubstr(sweep));
  }
}

/// Both models' runs with these values of the first epoch.
std::vector<StoredRun> of_both(const std::function<void(ExperimentConfig&)>& change, double loss,
                               double accuracy) {
  std::vector<StoredRun> runs = six(MlpConfig{}, change, loss, accuracy);
  for (StoredRun& run : six(CnnConfig{}, change, loss, accuracy)) runs.push_back(std::move(run));
  return runs;
}

auto with(Normalization normalization) {
  return [=](ExperimentConfig& config) { config.data.normalization = normalization; };
}

PaperClaim on_normalization(double loss_of_bytes, double accuracy_of_bytes) {
  return claim_on({of_both(nothing, 0.3, 0.95),
                   of_both(with(Normalization::none), loss_of_bytes, accuracy_of_bytes),
                   of_both(with(Normalization::unit), 0.31, 0.95)},
                  "Sec. 3.6", "faster convergence");
}

TEST(ExperimentClaims, OnNormalizationHoldWhereItIsBetterAndFailWhereItIsWorse) {
  const PaperClaim better = on_normalization(0.5, 0.9);
  EXPECT_EQ(better.verdict, ClaimVerdict::holds);
  EXPECT_EQ(better.basis, ClaimBasis::runs);
  EXPECT_EQ(better.tests, 8);  // of two models two inputs against bytes, by loss and accuracy
  EXPECT_THAT(better.findings,
              Contains(AllOf(HasSubstr("MLP, training loss of the first epoch: unit"),
                             HasSubstr("unit less bytes -0.19"), HasSubstr("shown (n = 6)"))));
  EXPECT_EQ(on_normalization(0.1, 0.99).verdict, ClaimVerdict::does_not_hold);
  EXPECT_EQ(on_normalization(0.5, 0.99).verdict, ClaimVerdict::holds_in_part);
}

TEST(ExperimentClaims, AreOpenWhereAPartOfTheExperimentIsMissing) {
  const PaperClaim claim =
      claim_on({of_both(nothing, 0.3, 0.95), of_both(with(Normalization::none), 0.5, 0.9)},
               "Sec. 3.6", "faster convergence");
  EXPECT_EQ(claim.verdict, ClaimVerdict::open);
  EXPECT_THAT(claim.findings, Contains(AllOf(HasSubstr("MLP with data.normalization=unit"),
                                             HasSubstr("CNN with data.normalization=unit"))));
}

/// The same runs without those of some seeds.
std::vector<StoredRun> only_seeds(std::vector<StoredRun> runs, std::uint64_t most) {
  std::erase_if(runs, [=](const StoredRun& run) { return run.result.config.seed > most; });
  return runs;
}

/// The claim on normalization with these runs on bytes.
PaperClaim on_bytes(const std::vector<StoredRun>& runs, std::uint64_t seeds = 6) {
  return claim_on({only_seeds(of_both(nothing, 0.3, 0.95), seeds), runs,
                   only_seeds(of_both(with(Normalization::unit), 0.31, 0.95), seeds)},
                  "Sec. 3.6", "faster convergence");
}

TEST(ExperimentClaims, AreOpenWhereSeedsOfAnExperimentAreMissing) {
  const std::vector<StoredRun> bytes = of_both(with(Normalization::none), 0.5, 0.9);
  const PaperClaim claim = on_bytes(only_seeds(bytes, 4));
  EXPECT_EQ(claim.verdict, ClaimVerdict::open);
  EXPECT_EQ(claim.tests, 0);
  EXPECT_THAT(claim.findings,
              Contains(AllOf(HasSubstr("MLP with data.normalization=none (2 of 6 seeds)"),
                             HasSubstr("CNN with data.normalization=none (2 of 6 seeds)"))));
  // Few seeds of all are not missing: they show less.
  EXPECT_EQ(on_bytes(only_seeds(bytes, 4), /*seeds=*/4).verdict, ClaimVerdict::suggested);
  EXPECT_EQ(on_bytes(only_seeds(bytes, 1), /*seeds=*/1).verdict, ClaimVerdict::undecided);
}

TEST(ExperimentClaims, CountSeedsThatDivergedAsRun) {
  const std::vector<StoredRun> bytes = of_both(with(Normalization::none), 0.5, 0.9);
  for (const auto& [status, verdict] : {std::pair(RunStatus::diverged, ClaimVerdict::suggested),
                                        {RunStatus::failed, ClaimVerdict::open},
                                        {RunStatus::interrupted, ClaimVerdict::open}}) {
    std::vector<StoredRun> runs = only_seeds(bytes, 5);
    for (StoredRun& run : ended(bytes, status)) {
      if (run.result.config.seed == 6) runs.push_back(std::move(run));
    }
    EXPECT_EQ(on_bytes(runs).verdict, verdict) << to_string(status);
  }
  const PaperClaim none = on_bytes(ended(bytes, RunStatus::diverged));
  EXPECT_EQ(none.verdict, ClaimVerdict::undecided);
  EXPECT_THAT(none.findings, Contains(HasSubstr("no common seeds, a difference is not shown")));
}

TEST(ExperimentClaims, CountTheVariantWithTheMostSeeds) {
  const auto after = [&](std::int64_t epochs, std::uint64_t seeds) {
    return only_seeds(of_both(
                          [=](ExperimentConfig& config) {
                            config.data.normalization = Normalization::none;
                            config.training.epochs = epochs;
                          },
                          0.5, 0.9),
                      seeds);
  };
  std::vector<StoredRun> runs = after(1, 3);
  for (StoredRun& run : after(2, 6)) runs.push_back(std::move(run));
  EXPECT_EQ(on_bytes(runs).verdict, ClaimVerdict::holds);
}

/// Both models with this optimizer, one epoch, and this accuracy on images held back.
std::vector<StoredRun> held_back(const OptimizerConfig& optimizer, double validation, double loss,
                                 double test) {
  std::vector<StoredRun> runs = of_both(
      [&](ExperimentConfig& config) {
        config.data.validation = 10'000;
        config.training.epochs = 1;
        config.optimizer = optimizer;
      },
      loss, test);
  for (StoredRun& run : runs) {
    run.result.epochs.front().validation = EpochScores{0.1, validation, 0.9};
  }
  return runs;
}

/// The grid of configs/paper/sgd.json, beside Adam; `best` is the best setting on validation, and
/// the worst on the test images.
std::vector<std::vector<StoredRun>> sgd_grid(const SgdConfig& best) {
  std::vector<std::vector<StoredRun>> parts = {of_both(nothing, 0.3, 0.95),
                                               held_back(AdamConfig{}, 0.94, 0.3, 0.95)};
  double validation = 0.90;
  for (const auto& [momentum, rates] :
       {std::pair(0.0, std::vector{0.05, 0.1, 0.2}), {0.9, {0.005, 0.01, 0.02, 0.05}}}) {
    for (const double rate : rates) {
      const SgdConfig setting{.learning_rate = rate, .momentum = momentum};
      const bool is_best = setting == best;
      parts.push_back(held_back(setting, is_best ? 0.93 : validation, is_best ? 0.4 : 0.2,
                                is_best ? 0.93 : 0.99));
      validation -= 0.01;
    }
  }
  return parts;
}

std::vector<std::vector<StoredRun>> sgd_grid() {
  return sgd_grid({.learning_rate = 0.02, .momentum = 0.9});
}

TEST(ExperimentClaims, OnSgdHoldAdamAgainstTheSettingThatIsBestOnValidation) {
  const PaperClaim claim = claim_on(sgd_grid(), "Sec. 3.9", "SGD");
  EXPECT_EQ(claim.verdict, ClaimVerdict::holds) << "other settings are better on the test set";
  EXPECT_THAT(claim.findings,
              Contains(AllOf(HasSubstr("of 7 settings"), HasSubstr("rate 0.02, momentum 0.9."))));
  EXPECT_EQ(claim.tests, 4);
  EXPECT_THAT(claim.findings, Not(Contains(HasSubstr("outside those tried"))));
}

TEST(ExperimentClaims, OnAdamsCostCompareTheEpochsOfTheSgdThatIsChosen) {
  const PaperClaim claim = claim_on(sgd_grid(), "Sec. 3.9", "computationally efficient");
  EXPECT_EQ(claim.verdict, ClaimVerdict::cannot_be_told);
  EXPECT_EQ(claim.tests, 2);
  EXPECT_THAT(claim.findings, Contains(HasSubstr("CNN, seconds of the first epoch: Adam ")));
}

TEST(ExperimentClaims, OnSgdSayThatABetterRateMayLieOutsideThoseTried) {
  const auto findings = [](double rate, double momentum) {
    return claim_on(sgd_grid({.learning_rate = rate, .momentum = momentum}), "Sec. 3.9", "SGD")
        .findings;
  };
  for (const double edge : {0.005, 0.05}) {
    EXPECT_THAT(
        findings(edge, 0.9),
        Contains(HasSubstr("A better rate may lie outside those tried with it, 0.005 to 0.05.")));
  }
  for (const double edge : {0.05, 0.2}) {
    EXPECT_THAT(
        findings(edge, 0.0),
        Contains(HasSubstr("A better rate may lie outside those tried with it, 0.05 to 0.2.")));
  }
  EXPECT_THAT(findings(0.1, 0.0), Not(Contains(HasSubstr("outside those tried"))));
}

TEST(ExperimentClaims, OnSgdAreOpenWithoutTheWholeGrid) {
  std::vector<std::vector<StoredRun>> parts = sgd_grid();
  parts.pop_back();
  const PaperClaim claim = claim_on(parts, "Sec. 3.9", "SGD");
  EXPECT_EQ(claim.verdict, ClaimVerdict::open);
  EXPECT_THAT(claim.findings, Contains(HasSubstr("MLP with SGD, rate 0.05 and momentum 0.9")));
  // A setting with fewer seeds than Adam is none.
  parts = sgd_grid();
  parts.back().pop_back();
  EXPECT_EQ(claim_on(parts, "Sec. 3.9", "SGD").verdict, ClaimVerdict::open);
}

TEST(ExperimentClaims, OnSgdDoNotChooseASettingOfWhichRunsDiverged) {
  std::vector<std::vector<StoredRun>> parts = sgd_grid({.learning_rate = 0.05, .momentum = 0.9});
  parts.back() = ended(parts.back(), RunStatus::diverged);
  const PaperClaim claim = claim_on(parts, "Sec. 3.9", "SGD");
  EXPECT_EQ(claim.verdict, ClaimVerdict::does_not_hold) << "the next one is better than Adam";
  EXPECT_THAT(claim.findings, Contains(HasSubstr("rate 0.05, momentum 0.")));
  // What failed in another way can be run again.
  parts.back() = ended(parts.back(), RunStatus::failed);
  EXPECT_EQ(claim_on(parts, "Sec. 3.9", "SGD").verdict, ClaimVerdict::open);
}

TEST(ExperimentClaims, OnSgdAreUndecidedWhereEverySettingDiverged) {
  std::vector<std::vector<StoredRun>> parts = sgd_grid();
  for (std::size_t i = 2; i < parts.size(); ++i) {
    parts[i] = ended(parts[i], RunStatus::diverged);
  }
  const PaperClaim claim = claim_on(parts, "Sec. 3.9", "SGD");
  EXPECT_EQ(claim.verdict, ClaimVerdict::undecided);
  EXPECT_THAT(claim.findings, Contains("CNN: with each of 7 settings of SGD a run diverged."));
}

TEST(ExperimentClaims, OnInitializationHoldHeAgainstTheOthers) {
  const auto from = [](Initialization initialization) {
    return [=](ExperimentConfig& config) { config.initialization = initialization; };
  };
  std::vector<std::vector<StoredRun>> parts = {of_both(nothing, 0.3, 0.95),
                                               of_both(from(Initialization::pytorch), 0.2, 0.97),
                                               of_both(from(Initialization::xavier), 0.25, 0.96)};
  const PaperClaim claim = claim_on(parts, "Sec. 3.10", "initialization");
  EXPECT_EQ(claim.verdict, ClaimVerdict::does_not_hold);
  EXPECT_THAT(claim.findings, Contains(HasSubstr("CNN, training loss of the first epoch: he")));
  parts.back().pop_back();
  EXPECT_EQ(claim_on(parts, "Sec. 3.10", "initialization").verdict, ClaimVerdict::open);
}

TEST(ExperimentClaims, OnMinibatchesHoldEachSizeAgainstTheLargest) {
  const auto batches = [](std::int64_t size, std::optional<std::int64_t> steps) {
    return [=](ExperimentConfig& config) {
      config.training.batch_size = size;
      config.training.steps = steps;
    };
  };
  const auto with_errors = [&](std::int64_t size, std::optional<std::int64_t> steps,
                               std::int64_t errors) {
    std::vector<StoredRun> runs = six(MlpConfig{}, batches(size, steps), 0.3, 0.95);
    for (StoredRun& run : runs) {
      const auto seed = static_cast<std::int64_t>(run.result.config.seed);
      const RunResult other = mnist_run(MlpConfig{}, 1, Sizes(10, errors + seed % 2));
      run.result.test = other.test;
    }
    return runs;
  };
  std::vector<std::vector<StoredRun>> parts = {six(MlpConfig{}, nothing, 0.3, 0.95),
                                               with_errors(16, {}, 40),
                                               with_errors(256, {}, 10),
                                               with_errors(1024, {}, 40),
                                               with_errors(16, 500, 50),
                                               with_errors(64, 500, 30),
                                               with_errors(256, 500, 20),
                                               with_errors(1024, 500, 20)};
  const PaperClaim claim = claim_on(parts, "Sec. 3.10", "minibatches");
  EXPECT_EQ(claim.verdict, ClaimVerdict::holds_in_part);
  EXPECT_THAT(claim.findings, Contains(AllOf(HasSubstr("at equal steps"), HasSubstr("16: 9"),
                                             HasSubstr("64: 9"), HasSubstr("1024: 9"))));
  EXPECT_EQ(claim.tests, 6);
  for (const char* size : {"16", "64", "256"}) {
    EXPECT_THAT(claim.findings,
                Contains(HasSubstr("batches of " + std::string(size) + " less batches of 1024")));
  }
  // One size that generalizes better is part of the claim; where none does, it does not hold.
  std::vector<std::vector<StoredRun>> worse = parts;
  worse[0] = with_errors(64, {}, 40);
  worse[2] = with_errors(256, {}, 40);
  EXPECT_EQ(claim_on(worse, "Sec. 3.10", "minibatches").verdict, ClaimVerdict::does_not_hold);
  parts.back().pop_back();
  EXPECT_THAT(
      claim_on(parts, "Sec. 3.10", "minibatches").findings,
      Contains(HasSubstr("it lacks MLP with batches of 1024 at equal steps (1 of 6 seeds)")));
}

TEST(ExperimentClaims, OnTheTradeOffCompareNetworksOfEqualSize) {
  const auto with_size = [](const ModelConfig& model, std::int64_t parameters, std::int64_t macs,
                            std::int64_t errors) {
    std::vector<StoredRun> runs;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      RunResult run =
          mnist_run(model, seed, Sizes(10, errors + static_cast<std::int64_t>(seed % 2)));
      run.model->parameters = parameters;
      run.model->macs = macs;
      run.parameters_sha256.reset();
      runs.push_back(stored(run));
    }
    return runs;
  };
  const auto mlp = with_size(MlpConfig{}, 235'146, 234'752, 24);
  const auto equal_parameters =
      with_size(CnnConfig{.conv1_channels = 18, .conv2_channels = 36}, 233'258, 1'500'000, 12);
  const auto equal_macs = with_size(
      CnnConfig{.conv1_channels = 6, .conv2_channels = 14, .hidden = 64}, 45'448, 235'056, 15);
  const auto far = with_size(CnnConfig{.conv1_channels = 2}, 238'000, 240'000, 1);
  const PaperClaim claim =
      claim_on({mlp, equal_parameters, equal_macs, far}, "Sec. 5.2", "trade-off");
  EXPECT_EQ(claim.verdict, ClaimVerdict::holds);
  EXPECT_EQ(
      claim_on({mlp, only_seeds(equal_parameters, 5), equal_macs}, "Sec. 5.2", "trade-off").verdict,
      ClaimVerdict::open);
  EXPECT_EQ(claim.tests, 2);
  EXPECT_THAT(claim.findings,
              Contains(AllOf(HasSubstr("At equal parameters"), HasSubstr("18 and 36 channels"))));
  EXPECT_THAT(claim.findings,
              Contains(AllOf(HasSubstr("At equal MACs"), HasSubstr("6 and 14 channels"))));
}

/// Runs of which `errors` images of each class, and seed % 2 more, are wrong, each in a folder of
/// its own.
std::vector<StoredRun> with_errors(const ModelConfig& model, const std::string& name,
                                   const std::function<void(ExperimentConfig&)>& change,
                                   std::int64_t errors) {
  std::vector<StoredRun> runs;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    RunResult run = mnist_run(model, seed, Sizes(10, errors + static_cast<std::int64_t>(seed % 2)));
    run.config.name = name;
    change(run.config);
    run.parameters_sha256.reset();
    runs.push_back(stored(run));
  }
  return runs;
}

/// Lets all runs be evaluated on their training images, `right` of 10,000 of them right.
void evaluate_on_training(const std::vector<StoredRun>& runs, std::int64_t right,
                          EvaluationsOfRuns& evaluations) {
  for (const StoredRun& run : runs) {
    StoredEvaluation stored = evaluated(run, "identity", right);
    stored.data = "train";
    evaluations[run.folder].push_back(stored);
  }
}

TEST(ExperimentClaims, OnTheTradeOffAreOpenWhereAllRunsOfTheMlpDiverged) {
  const PaperClaim claim =
      claim_on({ended(six(MlpConfig{}, nothing, 0.3, 0.95), RunStatus::diverged),
                six(CnnConfig{}, nothing, 0.3, 0.95)},
               "Sec. 5.2", "trade-off");
  EXPECT_EQ(claim.verdict, ClaimVerdict::open);
  EXPECT_THAT(claim.findings, Contains(HasSubstr("it lacks runs of the MLP.")));
}

TEST(ExperimentClaims, OnDropoutHoldTheGapsOfTrainingAndTestImagesAgainstEachOther) {
  const auto no_dropout = [](ExperimentConfig& config) {
    if (auto* mlp = std::get_if<MlpConfig>(&config.model)) mlp->dropout = 0;
    if (auto* cnn = std::get_if<CnnConfig>(&config.model)) cnn->dropout = cnn->dropout2d = 0;
  };
  const std::vector<std::vector<StoredRun>> parts = {
      with_errors(MlpConfig{}, "mlp", nothing, 22), with_errors(CnnConfig{}, "cnn", nothing, 11),
      with_errors(MlpConfig{}, "mlp-0", no_dropout, 21),
      with_errors(CnnConfig{}, "cnn-0", no_dropout, 12)};
  EvaluationsOfRuns evaluations;
  evaluate_on_training(parts[0], 9'850, evaluations);
  evaluate_on_training(parts[1], 9'950, evaluations);
  evaluate_on_training(parts[2], 9'990, evaluations);
  EXPECT_EQ(claim_on(parts, "Sec. 3.5", "overfitting", evaluations).verdict, ClaimVerdict::open)
      << "the CNN without dropout is not evaluated";
  evaluate_on_training(parts[3], 9'999, evaluations);
  const PaperClaim claim = claim_on(parts, "Sec. 3.5", "overfitting", evaluations);
  EXPECT_EQ(claim.verdict, ClaimVerdict::holds);
  EXPECT_EQ(claim.tests, 4);
  // 98.50 less 97.75 (220 or 230 errors of 10,000), and 99.90 less 97.85.
  EXPECT_THAT(claim.findings,
              Contains(AllOf(HasSubstr("MLP, training less test accuracy in %: with dropout 0.75"),
                             HasSubstr("without 2.05"))));
  EXPECT_THAT(claim.findings, Contains(HasSubstr("CNN, test accuracy at the end in %: with")));
  std::vector<std::vector<StoredRun>> fewer = parts;
  fewer.back().pop_back();
  EXPECT_EQ(claim_on(fewer, "Sec. 3.5", "overfitting", evaluations).verdict, ClaimVerdict::open);
}

TEST(ExperimentClaims, OnTheMagnitudeCompareTheLayersOfANetworkAtStepZero) {
  const auto outputs = [](Initialization initialization, double first, double last) {
    std::vector<StoredRun> runs =
        of_both([&](ExperimentConfig& config) { config.initialization = initialization; }, 1, 0.9);
    for (StoredRun& run : runs) {
      const double more = 10.0 * scatter(run.result.config.seed);
      run.result.preactivations = {
          {"fc1", 0.0, first}, {"fc2", 0.0, 1.0}, {"fc3", 0.0, last + more}};
    }
    return runs;
  };
  const auto claim_with = [&](double of_he) {
    return claim_on(
        {outputs(Initialization::he, 1.4, of_he), outputs(Initialization::xavier, 1.2, 0.7),
         outputs(Initialization::pytorch, 0.6, 0.1)},
        "Sec. 3.10, eq. 20", "magnitude");
  };
  // Of fc1, fc2 and fc3, fc2 has 1; each seed adds up to 0.02 to fc3.
  EXPECT_EQ(claim_with(1.9).verdict, ClaimVerdict::holds);
  EXPECT_EQ(claim_with(1.99).verdict, ClaimVerdict::undecided);
  EXPECT_EQ(claim_with(2.1).verdict, ClaimVerdict::does_not_hold);
  EXPECT_EQ(claim_with(1.9).tests, 2);
  EXPECT_THAT(
      claim_with(1.9).findings,
      Contains(AllOf(HasSubstr("CNN, he: fc1 1.40"), HasSubstr("fc2 1"),
                     HasSubstr("the largest is 1.910 ± 0.009 times the smallest (n = 6)"))));
  EXPECT_THAT(claim_with(1.9).findings,
              Contains(HasSubstr("MLP, he: that this is less than 2 times is shown (n = 6)")));
  EXPECT_EQ(
      claim_on({outputs(Initialization::he, 1.4, 1.9), outputs(Initialization::xavier, 1.2, 0.7),
                only_seeds(outputs(Initialization::pytorch, 0.6, 0.1), 2)},
               "Sec. 3.10, eq. 20", "magnitude")
          .verdict,
      ClaimVerdict::open);
}

TEST(ExperimentClaims, OnSmallProblemsHoldTheTimesOfEqualStepsAgainstEachOther) {
  std::vector<std::vector<StoredRun>> parts = {with_errors(MlpConfig{}, "mlp", nothing, 22),
                                               with_errors(CnnConfig{}, "cnn", nothing, 11)};
  for (const std::int64_t images : {100, 300, 1'000, 3'000, 10'000, 60'000}) {
    const auto few = [&](ExperimentConfig& config) {
      config.training.steps = 500;
      config.training.evaluate_every = 100'000;
      if (images < 60'000) config.data.train_limit = images;
    };
    parts.push_back(with_errors(MlpConfig{}, "mlp-few", few, 90));
    parts.push_back(with_errors(CnnConfig{}, "cnn-few", few, 60));
    for (std::size_t seed = 0; seed < 6; ++seed) {
      parts[parts.size() - 2][seed].result.timing.train_seconds = 1.0 + scatter(seed);
      parts.back()[seed].result.timing.train_seconds = 9.0 + scatter(seed + 1);
    }
  }
  const PaperClaim claim = claim_on(parts, "Sec. 6", "small-scale");
  EXPECT_EQ(claim.verdict, ClaimVerdict::holds);
  EXPECT_EQ(claim.tests, 12);
  EXPECT_THAT(claim.findings,
              Contains(HasSubstr("shorter at 6, its accuracy to be higher at 0 and lower at 6")));
  parts.back().pop_back();
  EXPECT_THAT(claim_on(parts, "Sec. 6", "small-scale").findings,
              Contains(HasSubstr("it lacks CNN on 60,000 images (1 of 6 seeds)")));
  parts.pop_back();
  EXPECT_EQ(claim_on(parts, "Sec. 6", "small-scale").verdict, ClaimVerdict::open);
}

TEST(ExperimentClaims, OnResolutionHoldTheMlpsAccuracyOnLargerImagesAgainstTheUsualOnes) {
  const auto on = [](const std::string& spec) {
    return [=](ExperimentConfig& config) {
      config.training.epochs = 1;
      config.data.transform = parse_spec(spec, "test");
    };
  };
  const auto claim_with = [&](double accuracy_on_large, std::uint64_t seeds_on_large = 6) {
    const std::vector<StoredRun> large =
        of_both(on("resize:rows=56,columns=56"), 0.3, accuracy_on_large);
    return claim_on(
        {of_both(nothing, 0.3, 0.95), of_both(on("resize:rows=14,columns=14"), 0.3, 0.90),
         only_seeds(large, seeds_on_large)},
        "Sec. 2", "higher-resolution");
  };
  EXPECT_EQ(claim_with(0.94).verdict, ClaimVerdict::holds);
  EXPECT_EQ(claim_with(0.96).verdict, ClaimVerdict::does_not_hold);
  EXPECT_EQ(claim_with(0.95).verdict, ClaimVerdict::undecided);
  EXPECT_EQ(claim_with(0.94, /*seeds_on_large=*/5).verdict, ClaimVerdict::open);
}

TEST(ExperimentClaims, OnManualFeaturesHoldBothClassifiersAgainstTheMlp) {
  const auto claim_with = [&](std::int64_t errors_of_svm,
                              const std::optional<ClassNames>& class_names = {}) {
    std::vector<StoredRun> classical;
    for (const auto& [model, name, errors] :
         {std::tuple(ModelConfig(KnnConfig{}), "knn", std::int64_t{31}),
          {ModelConfig(SvmConfig{}), "svm", errors_of_svm}}) {
      RunResult run = mnist_run(model, 1, Sizes(10, errors));
      run.config.name = name;
      run.config.data.class_names = class_names;
      run.epochs.clear();
      run.parameters_sha256.reset();
      classical.push_back(stored(run));
    }
    return claim_on({with_errors(MlpConfig{}, "mlp", nothing, 22), classical}, "Sec. 2",
                    "manual feature");
  };
  EXPECT_EQ(claim_with(40).verdict, ClaimVerdict::holds);
  EXPECT_EQ(claim_with(15).verdict, ClaimVerdict::holds_in_part);
  EXPECT_EQ(claim_with(40, ClassNames(10, "digit")).verdict, ClaimVerdict::holds)
      << "names are no part of an experiment";
  EXPECT_THAT(claim_with(15).findings,
              Contains(AllOf(HasSubstr("MLP 97.75 ± 0.05, SVM (rbf, C = 10) 98.50"),
                             HasSubstr("(n = 6)"))));
}

/// The same counts after every kind and severity of noise.
RightBySpec after_noise(std::int64_t right) {
  RightBySpec found;
  for (const std::string& spec : specs_of(*shipped_suite("noise"))) {
    for (std::int64_t seed = 0; seed < 6; ++seed) {
      found[spec].push_back(right + 10 * (seed % 3));
    }
  }
  return found;
}

TEST(ExperimentClaims, OnNoiseHoldAugmentationAndResNetAgainstTheCnn) {
  const std::vector<StoredRun> cnn = with_errors(CnnConfig{}, "cnn", nothing, 11);
  const std::vector<StoredRun> augmented = with_errors(
      CnnConfig{}, "cnn-noise",
      [](ExperimentConfig& config) {
        config.training.augment = {{.type = "gaussian_noise", .settings = {0.3}}};
      },
      12);
  std::vector<StoredRun> resnet = with_errors(
      LayersConfig{}, "deeper",
      [](ExperimentConfig& config) { config.training.engine = Engine::libtorch; }, 9);
  for (StoredRun& run : resnet) {
    run.result.model->parameters = 75'002;
    run.result.model->macs = 9'145'216;
    for (LayerSummary& layer : run.result.model->layers) layer.type = "Linear";
    for (std::size_t i = 0; i < 3; ++i) run.result.model->layers.at(i).type = "Residual";
  }
  EvaluationsOfRuns evaluations;
  evaluate_group(group_runs(cnn).front(), after_noise(8'000), evaluations);
  evaluate_group(group_runs(augmented).front(), after_noise(9'000), evaluations);
  const std::vector<std::vector<StoredRun>> parts = {cnn, augmented, resnet};
  const PaperClaim augmentation = claim_on(parts, "Sec. 6", "augmentation", evaluations);
  EXPECT_EQ(augmentation.verdict, ClaimVerdict::holds);
  EXPECT_THAT(augmentation.findings, Contains(HasSubstr("Clean images")));
  EXPECT_THAT(augmentation.findings,
              Contains(HasSubstr("Of 14 sets of noisy images CNN trained with noise is shown to be "
                                 "better on 14, and worse on 0.")));
  EXPECT_EQ(claim_on(parts, "Sec. 6", "ResNet", evaluations).verdict, ClaimVerdict::open);
  evaluate_group(group_runs(resnet).front(), after_noise(7'000), evaluations);
  EXPECT_EQ(claim_on(parts, "Sec. 6", "ResNet", evaluations).verdict, ClaimVerdict::does_not_hold);
  // Every run of both has to be evaluated on every set.
  EvaluationsOfRuns fewer = evaluations;
  fewer.at(augmented.back().folder).pop_back();
  const PaperClaim lacking = claim_on(parts, "Sec. 6", "augmentation", fewer);
  EXPECT_EQ(lacking.verdict, ClaimVerdict::open);
  EXPECT_THAT(lacking.findings,
              Contains(HasSubstr("evaluations of both on 1 of 14 sets of noisy images")));
  EXPECT_THAT(
      claim_on({cnn, only_seeds(augmented, 5)}, "Sec. 6", "augmentation", evaluations).findings,
      Contains(HasSubstr("it lacks CNN trained with noise (1 of 6 seeds)")));
  // It is known by its layers, not by its name.
  std::vector<StoredRun> other = resnet;
  for (StoredRun& run : other) {
    run.result.config.name = "resnet8";
    run.result.model->parameters = 235'146;
  }
  EXPECT_EQ(claim_on({cnn, other}, "Sec. 6", "ResNet", evaluations).verdict, ClaimVerdict::open);
}

TEST(ExperimentClaims, StandInTheOrderOfThePaper) {
  const PaperCheck check = check_paper(group_runs(six(MlpConfig{}, nothing, 0.3, 0.95)));
  const auto place = [&](std::size_t i) { return check.claims.at(i).place; };
  EXPECT_THAT(place(0), HasSubstr("Abstract"));
  EXPECT_THAT(place(2), HasSubstr("Sec. 1"));
  EXPECT_EQ(check.claims.back().place, "Sec. 6");
}

}  // namespace
}  // namespace mnist_bench
