#include "report/mistakes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "data/dataset.h"
#include "record/read_predictions.h"
#include "report/stored_runs.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A group of runs on the shipped MNIST whose predictions are the given files' texts.
class MistakesTest : public testing::Test {
 protected:
  RunGroup group_of(const std::vector<std::string>& predictions) {
    RunGroup group;
    for (const std::string& text : predictions) {
      StoredRun run = stored(run_with("mlp", group.completed.size() + 1, 9'768));
      run.folder = folder_ / std::to_string(group.completed.size());
      run.result.data->test.sha256 = shipped().test.sha256;
      std::filesystem::create_directories(run.folder);
      const std::string file = "index,true,predicted,probability\n" + text;
      std::ofstream(run.folder / "predictions.csv") << file;
      run.result.predictions_sha256 = sha256_hex(file);
      run.result.test->confusion = ConfusionMatrix(10, std::vector<std::int64_t>(10, 0));
      for (const Prediction& p : parse_predictions(file, "predictions")) {
        ++run.result.test->confusion.at(static_cast<std::size_t>(p.truth))
              .at(static_cast<std::size_t>(p.predicted));
      }
      group.completed.push_back(run);
    }
    return group;
  }

  static const Dataset& shipped() {
    static const Dataset dataset = load_dataset(shipped_mnist());
    return dataset;
  }

  static Mistakes mistakes_of(const RunGroup& group, std::size_t count) {
    return find_mistakes({group}, count).front();
  }

  test::TemporaryFolder folder_;
};

TEST_F(MistakesTest, AreOrderedByConfidenceOverAllRuns) {
  const Mistakes found = mistakes_of(
      group_of({"0,7,1,0.9\n1,2,3,0.95\n2,1,1,1\n", "0,7,1,0.8\n1,2,2,0.9\n2,1,1,1\n"}), 10);
  EXPECT_EQ(found.unavailable, "");
  EXPECT_EQ(found.images, 2);
  ASSERT_EQ(found.worst.size(), 2U);
  EXPECT_EQ(found.worst[0].index, 0);  // 0.9 + 0.8 against 0.95
  EXPECT_EQ(found.worst[0].runs_wrong, 2);
  EXPECT_NEAR(found.worst[0].confidence, 0.85, 1e-6);
  EXPECT_EQ(found.worst[1].predicted, 3);
}

TEST_F(MistakesTest, SayWhatMostOfTheWrongRunsSay) {
  const Mistakes found = mistakes_of(group_of({"0,7,1,0.99\n", "0,7,2,0.5\n", "0,7,2,0.6\n"}), 1);
  EXPECT_EQ(found.worst.at(0).predicted, 2);
}

TEST_F(MistakesTest, KeepNoMoreThanAskedForAndEachAsAPng) {
  const Mistakes found = mistakes_of(group_of({"0,7,1,0.9\n1,2,3,0.95\n"}), 1);
  ASSERT_EQ(found.worst.size(), 1U);
  EXPECT_EQ(found.images, 2);
  EXPECT_THAT(found.worst[0].png, StartsWith("\x89PNG\r\n\x1a\n"));
}

TEST_F(MistakesTest, AreUnavailableWhereTheDataAreNotThoseOfTheRecord) {
  RunGroup group = group_of({"0,7,1,0.9\n"});
  group.completed[0].result.data->test.sha256 = "other";
  EXPECT_THAT(mistakes_of(group, 1).unavailable, HasSubstr("not the one"));
}

TEST_F(MistakesTest, OfSeveralGroupsAreFoundInTheDataOfEach) {
  const RunGroup on_shipped = group_of({"0,7,1,0.9\n"});
  RunGroup on_others = on_shipped;
  on_others.completed[0].result.config.data.directory = folder_ / "others";
  const std::vector<Mistakes> found =
      find_mistakes({on_shipped, on_shipped, on_others, on_shipped}, 1);
  ASSERT_EQ(found.size(), 4U);
  for (const std::size_t shown : {0U, 1U, 3U}) {
    EXPECT_EQ(found[shown].unavailable, "");
    EXPECT_EQ(found[shown].worst.size(), 1U);
  }
  EXPECT_THAT(found[2].unavailable, HasSubstr("others"));
}

TEST_F(MistakesTest, AreUnavailableWithoutPredictionsOrRuns) {
  RunGroup group = group_of({"0,7,1,0.9\n"});
  std::filesystem::remove(group.completed[0].folder / "predictions.csv");
  EXPECT_THAT(mistakes_of(group, 1).unavailable, HasSubstr("predictions.csv"));
  EXPECT_THAT(mistakes_of(RunGroup{}, 1).unavailable, HasSubstr("no run"));
}

TEST_F(MistakesTest, AreUnavailableWhereThePredictionsAreNotThoseOfTheRecord) {
  RunGroup group = group_of({"0,7,1,0.9\n"});
  group.completed[0].result.predictions_sha256 = std::string(64, '0');
  EXPECT_THAT(mistakes_of(group, 1).unavailable, HasSubstr("predictions_sha256"));
}

TEST_F(MistakesTest, AreUnavailableWhereAPredictionIsOfNoTestImage) {
  EXPECT_THAT(mistakes_of(group_of({"10000,7,1,0.9\n"}), 1).unavailable, HasSubstr("10000"));
}

}  // namespace
}  // namespace mnist_bench
