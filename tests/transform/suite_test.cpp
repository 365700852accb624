#include "transform/suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "base/refusal.h"
#include "base/temporary_folder.h"

namespace mnist_bench::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(StandardSuite, Has99PointsOf16TransformsAndTheCleanSet) {
  const Suite suite = find_suite("standard");
  ASSERT_EQ(suite.points.size(), 100U);
  EXPECT_TRUE(suite.points[0].empty());
  std::map<std::string, int> points;
  for (const TransformChain& chain : suite.points) {
    if (!chain.empty()) ++points[chain.at(0).type];
  }
  EXPECT_EQ(points, (std::map<std::string, int>{{"shift", 32},
                                                {"rotate", 10},
                                                {"scale", 9},
                                                {"shear", 6},
                                                {"gaussian_noise", 5},
                                                {"salt_pepper", 4},
                                                {"shot_noise", 5},
                                                {"blur", 4},
                                                {"occlude", 4},
                                                {"contrast", 4},
                                                {"brightness", 5},
                                                {"invert", 1},
                                                {"stripe", 1},
                                                {"pixelate", 3},
                                                {"quantize", 2},
                                                {"elastic", 4}}));
}

TEST(ShiftSuite, IsTheCleanSetAnd32Shifts) {
  const Suite suite = find_suite("shift");
  ASSERT_EQ(suite.points.size(), 33U);
  EXPECT_TRUE(suite.points[0].empty());
  for (std::size_t i = 1; i < suite.points.size(); ++i) {
    EXPECT_EQ(suite.points[i].at(0).type, "shift");
  }
}

TEST(NoiseSuite, IsTheCleanSetAndTheNoiseOfTheStandardSuite) {
  const std::vector<std::string> noise = specs_of(find_suite("noise"));
  EXPECT_EQ(noise.size(), 1U + 5U + 4U + 5U);
  EXPECT_EQ(noise.front(), "identity");
  EXPECT_THAT(specs_of(find_suite("standard")), testing::IsSupersetOf(noise));
  for (std::size_t i = 1; i < noise.size(); ++i) {
    EXPECT_THAT(noise[i], testing::MatchesRegex("(gaussian_noise|salt_pepper|shot_noise):.*"));
  }
}

TEST(QuickSuite, HasOneSeverityOfEightTransforms) {
  EXPECT_THAT(specs_of(find_suite("quick")),
              ElementsAre("identity", "shift:dx=2", "rotate:degrees=15", "gaussian_noise:sigma=0.3",
                          "salt_pepper:p=0.1", "blur:sigma=1", "occlude:size=8",
                          "contrast:factor=0.4", "elastic:alpha=16"));
}

class SuiteFile : public ::testing::Test {
 protected:
  std::string written(const char* text) {
    const std::filesystem::path path = folder_ / "mine.json";
    std::ofstream(path) << text;
    return path.string();
  }
  std::string refusal(const char* text) {
    const std::string file = written(text);
    return refusal_of([&] { find_suite(file); });
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(SuiteFile, IsAListOfSpecs) {
  const Suite suite =
      find_suite(written(R"(["identity", "invert+blur:sigma=1", "invert+blur:sigma=1.0"])"));
  EXPECT_EQ(suite.name, "mine");
  EXPECT_THAT(specs_of(suite), ElementsAre("identity", "invert+blur:sigma=1"));
  EXPECT_TRUE(suite.points[0].empty());
}

TEST_F(SuiteFile, IsRefusedWithTheReason) {
  EXPECT_THAT(refusal("[]"), HasSubstr("allowed: a list of 1 to 1000 points"));
  EXPECT_THAT(refusal(R"({"a": 1})"), HasSubstr("allowed: a list of 1 to 1000 points"));
  EXPECT_THAT(refusal("[1]"), HasSubstr("mine.json, /0: found 1; allowed: a SPEC"));
  EXPECT_THAT(refusal(R"(["rotate:degrees=900"])"), HasSubstr("mine.json, /0: rotate:degrees=900"));
  EXPECT_THAT(refusal("[\"invert\""), HasSubstr("mine.json"));
}

TEST(Suites, AreNamedWhereOneDoesNotExist) {
  EXPECT_THAT(refusal_of([] { find_suite("standart"); }),
              HasSubstr("there is no suite 'standart'; did you mean 'standard'? "
                        "name standard, shift, noise, quick"));
}

}  // namespace
}  // namespace mnist_bench::test
