#include "kernels/simd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "base/error.h"

namespace mnist_bench::kernels {
namespace {

TEST(Simd, NamesTheBestInstructionsOfTheMachine) {
  const std::vector<std::string> targets = simd_targets();
  ASSERT_FALSE(targets.empty());
  EXPECT_EQ(simd_target(), targets.front());
}

TEST(Simd, CanBeRestrictedToEachOfThem) {
  for (const std::string& name : simd_targets()) {
    restrict_simd(name);
    EXPECT_EQ(simd_target(), name);
    EXPECT_EQ(simd_targets().front(), name);
    EXPECT_EQ(simd_target(), name);  // listing them changes nothing
    hwy::DisableTargets(0);
  }
}

TEST(Simd, RefusesOthersAndListsWhatThereIs) {
  try {
    restrict_simd("avx9");
    FAIL() << "avx9 was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr("avx9"));
    EXPECT_THAT(error.remedy(), testing::HasSubstr(simd_target()));
  }
}

}  // namespace
}  // namespace mnist_bench::kernels
