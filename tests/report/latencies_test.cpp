#include "report/latencies.h"

#include <gmock/gmock.h>

#include "report/stored_runs.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Latencies : public testing::Test {
 protected:
  Latency one(const std::string& engine, std::optional<std::int64_t> seed, double p50_us,
              std::int64_t threads = 1, std::int64_t batch = 1) {
    return {.name = "mlp",
            .engine = engine,
            .batch = batch,
            .threads = threads,
            .p50_us = p50_us,
            .simd = "AVX2",
            .config_hash = groups_[0].config_hash,
            .seed = seed};
  }

  std::vector<double> joined(const std::vector<Latency>& latencies) {
    warnings_ = join_latencies(groups_, latencies);
    std::vector<double> values;
    for (const Latency& latency : groups_[0].latencies) values.push_back(latency.p50_us);
    return values;
  }

  std::vector<RunGroup> groups_ = {group_with("mlp", {9'768, 9'801})};  // seeds 1 and 2
  std::vector<std::string> warnings_;
};

TEST_F(Latencies, AreJoinedBySeed) {
  EXPECT_THAT(joined({one("native", 1, 10), one("native", 2, 12)}), ElementsAre(10, 12));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(Latencies, OfTheConfigCountOnceWhereNoRunWasMeasured) {
  EXPECT_THAT(joined({one("native", {}, 11)}), ElementsAre(11));
  groups_[0].latencies.clear();
  EXPECT_THAT(joined({one("native", {}, 11), one("native", 2, 12)}), ElementsAre(12));
}

TEST_F(Latencies, AreTheNativeEnginesWhereThereAreAny) {
  EXPECT_THAT(joined({one("libtorch", 1, 50), one("native", 1, 10)}), ElementsAre(10));
  groups_[0].latencies.clear();
  EXPECT_THAT(joined({one("libtorch", 1, 50)}), ElementsAre(50));
}

TEST_F(Latencies, AreOfOneImageAndTheFewestThreads) {
  EXPECT_THAT(joined({one("native", 1, 90, 1, 64), one("native", 1, 8, 4), one("native", 1, 9, 2)}),
              ElementsAre(9));
}

TEST_F(Latencies, OfOtherExperimentsAreNamed) {
  Latency other = one("native", {}, 10);
  other.config_hash = std::string(64, 'f');
  other.name = "lenet5";
  EXPECT_THAT(joined({other, other, one("native", 3, 9)}), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("left out: lenet5, mlp seed 3")));
}

TEST_F(Latencies, OfBatchesAloneGiveAWarning) {
  EXPECT_THAT(joined({one("native", 1, 90, 1, 64)}), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("--batch 1")));
}

}  // namespace
}  // namespace mnist_bench
