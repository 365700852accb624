#include "report/confused_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/stored_runs.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Two runs of three classes: 1 and 7 of ten, say, and a third.
RunGroup group_with_counts(const std::vector<ConfusionMatrix>& counts) {
  RunGroup group = group_with("mlp", std::vector<std::int64_t>(counts.size(), 9'768));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    TestRecord& test = *group.completed[i].result.test;
    test.confusion = counts[i];
    test.metrics = classification_metrics(counts[i]);
  }
  return group;
}

const ConfusionMatrix kFirst = {{90, 4, 1}, {2, 80, 0}, {0, 3, 70}};
const ConfusionMatrix kSecond = {{88, 7, 0}, {5, 77, 0}, {2, 0, 71}};

TEST(ConfusedPairs, CountBothDirectionsOverTheRuns) {
  const std::vector<ConfusedPair> pairs = confused_pairs(group_with_counts({kFirst, kSecond}));
  ASSERT_EQ(pairs.size(), 3U);
  EXPECT_EQ(pairs[0].first, 0);
  EXPECT_EQ(pairs[0].second, 1);
  EXPECT_EQ(pairs[0].first_as_second.images, 11);  // 4 + 7
  EXPECT_EQ(pairs[0].second_as_first.images, 7);   // 2 + 5
  EXPECT_EQ(pairs[0].images(), 18);
  EXPECT_DOUBLE_EQ(*pairs[0].first_as_second.per_run.mean, 5.5);
  EXPECT_NEAR(*pairs[0].first_as_second.per_run.sd, 2.1213203435596424, 1e-12);
  EXPECT_EQ(pairs[0].rank, 1U);
}

TEST(ConfusedPairs, OfEqualCountsShareARank) {
  const std::vector<ConfusedPair> pairs = confused_pairs(group_with_counts({kFirst, kSecond}));
  EXPECT_EQ(pairs[1].images(), 3);  // 0 and 2: 1 + 0 + 0 + 2
  EXPECT_EQ(pairs[2].images(), 3);  // 1 and 2: 0 + 3 + 0 + 0
  EXPECT_EQ(pairs[1].second, 2);
  EXPECT_EQ(pairs[1].first, 0);
  EXPECT_EQ(pairs[1].rank, 2U);
  EXPECT_EQ(pairs[2].rank, 2U);
}

TEST(ConfusedPairs, StandSideBySideInATable) {
  const Section section = confused_pairs_section({group_with_counts({kFirst, kSecond})});
  ASSERT_EQ(section.tables.size(), 1U);
  EXPECT_THAT(section.tables[0].title, HasSubstr("mlp, 2 runs"));
  EXPECT_THAT(section.tables[0].rows.at(0),
              ElementsAre("1", "0 → 1", "11", "5.5 ± 2.1", "1 → 0", "7", "3.5 ± 2.1", "18"));
  EXPECT_THAT(section.notes.at(0), HasSubstr("among 3 pairs of classes"));
}

TEST(ConfusedPairs, OfOneRunHaveNoDeviation) {
  const Section section = confused_pairs_section({group_with_counts({kFirst})});
  EXPECT_THAT(section.tables.at(0).rows.at(0),
              ElementsAre("1", "0 → 1", "4", "4.0", "1 → 0", "2", "2.0", "6"));
}

TEST(ConfusedPairs, OfADeterministicModelCountItsOneResultOnce) {
  const Section section = confused_pairs_section({knn_group({9'700, 9'700, 9'700})});
  EXPECT_EQ(section.tables.at(0).title, "Most confused pairs of knn, 3 runs with one result");
  EXPECT_THAT(section.tables[0].rows.at(0),
              ElementsAre("1", "0 → 1", "150", "150.0 (deterministic)", "1 → 0", "150",
                          "150.0 (deterministic)", "300"));
  EXPECT_EQ(section.data[0]["n"], 3);
}

TEST(ConfusedPairs, ShowTheFirstTenThenFoldTheOthersWithTheirRanks) {
  ConfusionMatrix counts(10, std::vector<std::int64_t>(10, 1));
  counts[9][8] = 0;
  const Section section = confused_pairs_section({group_with_counts({counts})});
  ASSERT_EQ(section.tables.size(), 2U);
  EXPECT_EQ(section.tables[0].rows.size(), kPairsShown);
  EXPECT_FALSE(section.tables[0].pages_only);
  EXPECT_EQ(section.tables[1].title, "The other 35 pairs of mlp");
  EXPECT_TRUE(section.tables[1].pages_only);
  ASSERT_EQ(section.tables[1].rows.size(), 35U);
  EXPECT_THAT(section.tables[1].rows.back(),
              ElementsAre("45", "8 → 9", "1", "1.0", "9 → 8", "0", "0.0", "1"));
}

TEST(ConfusedPairs, ShowOnlyWhatWasConfused) {
  ConfusionMatrix counts(10, std::vector<std::int64_t>(10));
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::size_t j = 0; j < 10; ++j) counts[i][j] = i == j ? 5 : 0;
  }
  counts[7][1] = 1;
  const Section section = confused_pairs_section({group_with_counts({counts})});
  ASSERT_EQ(section.tables.at(0).rows.size(), 1U);
  EXPECT_THAT(section.tables[0].rows[0],
              ElementsAre("1", "1 → 7", "0", "0.0", "7 → 1", "1", "1.0", "1"));
  EXPECT_EQ(section.data[0]["pairs_of_classes"], 45);
  EXPECT_EQ(section.data[0]["pairs"].size(), 1U);
}

TEST(ConfusedPairs, OfFaultlessRunsAreNoSection) {
  EXPECT_TRUE(confused_pairs_section({group_with_counts({{{5, 0}, {0, 5}}})}).is_empty());
}

TEST(ConfusedPairs, OfRunsWithDifferentNumbersOfClassesAreCounted) {
  const std::vector<ConfusedPair> pairs =
      confused_pairs(group_with_counts({kFirst, {{5, 1}, {0, 5}}}));
  EXPECT_EQ(pairs.size(), 3U);
  EXPECT_EQ(pairs[0].first_as_second.images, 5);
}

}  // namespace
}  // namespace mnist_bench
