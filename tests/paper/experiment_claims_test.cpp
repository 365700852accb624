#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <tuple>
#include <vector>

#include "paper/claims.h"
#include "paper/paper_runs.h"

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
                    const std::string& words) {
  std::vector<StoredRun> runs;
  for (const auto& part : parts) runs.insert(runs.end(), part.begin(), part.end());
  return claim_of(check_paper(group_runs(runs)), place, words);
}

TEST(ExperimentClaims, AreOpenWithoutTheirExperimentAndNameIt) {
  for (const auto& [place, words, sweep] :
       {std::tuple("Sec. 3.6", "faster convergence", "normalization.json"),
        {"Sec. 3.9", "SGD", "sgd.json"},
        {"Sec. 3.10", "initialization", "initialization.json"},
        {"Sec. 3.10", "minibatches", "batches.json"},
        {"Sec. 5.2", "trade-off", "efficiency.json"}}) {
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

/// The grid of configs/paper/sgd.json, beside Adam; the second setting is the best on validation,
/// and worse than the first on the test images.
std::vector<std::vector<StoredRun>> sgd_grid() {
  std::vector<std::vector<StoredRun>> parts = {of_both(nothing, 0.3, 0.95),
                                               held_back(AdamConfig{}, 0.94, 0.3, 0.95)};
  double validation = 0.90;
  for (const double momentum : {0.0, 0.9}) {
    for (const double rate : {0.03, 0.1, 0.3}) {
      const bool best = rate == 0.1 && momentum == 0.9;
      parts.push_back(held_back(SgdConfig{.learning_rate = rate, .momentum = momentum},
                                best ? 0.93 : validation, best ? 0.4 : 0.2, best ? 0.93 : 0.99));
      validation -= 0.01;
    }
  }
  return parts;
}

TEST(ExperimentClaims, OnSgdHoldAdamAgainstTheSettingThatIsBestOnValidation) {
  const PaperClaim claim = claim_on(sgd_grid(), "Sec. 3.9", "SGD");
  EXPECT_EQ(claim.verdict, ClaimVerdict::holds) << "other settings are better on the test set";
  EXPECT_THAT(claim.findings,
              Contains(AllOf(HasSubstr("of 6 settings"), HasSubstr("rate 0.1, momentum 0.9"))));
  EXPECT_EQ(claim.tests, 4);
}

TEST(ExperimentClaims, OnSgdAreOpenWithoutTheWholeGrid) {
  std::vector<std::vector<StoredRun>> parts = sgd_grid();
  parts.pop_back();
  const PaperClaim claim = claim_on(parts, "Sec. 3.9", "SGD");
  EXPECT_EQ(claim.verdict, ClaimVerdict::open);
  EXPECT_THAT(claim.findings, Contains(HasSubstr("MLP with SGD, rate 0.3 and momentum 0.9")));
  // A setting with fewer seeds than Adam is none.
  parts = sgd_grid();
  parts.back().pop_back();
  EXPECT_EQ(claim_on(parts, "Sec. 3.9", "SGD").verdict, ClaimVerdict::open);
}

TEST(ExperimentClaims, OnInitializationHoldHeAgainstTheOthers) {
  const auto from = [](Initialization initialization) {
    return [=](ExperimentConfig& config) { config.initialization = initialization; };
  };
  const PaperClaim claim =
      claim_on({of_both(nothing, 0.3, 0.95), of_both(from(Initialization::pytorch), 0.2, 0.97),
                of_both(from(Initialization::xavier), 0.25, 0.96)},
               "Sec. 3.10", "initialization");
  EXPECT_EQ(claim.verdict, ClaimVerdict::does_not_hold);
  EXPECT_THAT(claim.findings, Contains(HasSubstr("CNN, training loss of the first epoch: he")));
}

TEST(ExperimentClaims, OnMinibatchesHoldTheSmallestAgainstTheLargest) {
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
  const PaperClaim claim = claim_on(
      {six(MlpConfig{}, nothing, 0.3, 0.95), with_errors(16, {}, 10), with_errors(1024, {}, 40),
       with_errors(16, 500, 50), with_errors(64, 500, 30), with_errors(1024, 500, 20)},
      "Sec. 3.10", "minibatches");
  EXPECT_EQ(claim.verdict, ClaimVerdict::holds_in_part);
  EXPECT_THAT(claim.findings, Contains(AllOf(HasSubstr("at equal steps"), HasSubstr("16: 9"),
                                             HasSubstr("64: 9"), HasSubstr("1024: 9"))));
  EXPECT_THAT(claim.findings, Contains(HasSubstr("batches of 16 less batches of 1024")));
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
  EXPECT_EQ(claim.tests, 2);
  EXPECT_THAT(claim.findings,
              Contains(AllOf(HasSubstr("At equal parameters"), HasSubstr("18 and 36 channels"))));
  EXPECT_THAT(claim.findings,
              Contains(AllOf(HasSubstr("At equal MACs"), HasSubstr("6 and 14 channels"))));
}

}  // namespace
}  // namespace mnist_bench
