#include "report/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/stored_runs.h"

namespace mnist_bench {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> keys_of(const ReportTable& table) {
  std::vector<std::string> keys;
  for (const auto& row : table.rows) keys.push_back(row.at(0));
  return keys;
}

TEST(SettingsSection, MarksWhatDiffersBetweenExperiments) {
  RunGroup other = group_with("wide", {9'900});
  for (StoredRun& run : other.completed) run.result.config.training.epochs = 99;
  const Section section = settings_section({group_with("mlp", {9'768}), other});
  EXPECT_THAT(section.tables.at(0).legend, HasSubstr("≠ marks what differs"));
  EXPECT_THAT(keys_of(section.tables[0]), Contains("≠ training.epochs"));
}

TEST(SettingsSection, OfOneExperimentSpeaksOfNoDifference) {
  for (const ReportTable& table : settings_section({group_with("mlp", {9'768, 9'801})}).tables) {
    EXPECT_EQ(table.legend, "");
    EXPECT_THAT(keys_of(table), Each(Not(HasSubstr("≠"))));
  }
}

}  // namespace
}  // namespace mnist_bench
