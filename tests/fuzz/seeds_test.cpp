// The inputs that the fuzzers start from, those that once broke something included, without a
// fuzzer: a part of every build's tests.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>

#include "fuzz/targets.h"

namespace mnist_bench::fuzz {

/// For ctest, which would name a test by the bytes of its parameter.
static void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

namespace {

const std::filesystem::path kSeeds = MNIST_BENCH_SOURCE "/tests/fuzz/seeds";

class FuzzSeeds : public testing::TestWithParam<Target> {};

TEST_P(FuzzSeeds, AreTakenOrRefused) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kSeeds / GetParam().name)) {
    SCOPED_TRACE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string input(std::istreambuf_iterator<char>(file), {});
    GetParam().run(input);  // ends the process where it finds a fault
    ++count;
  }
  EXPECT_GT(count, 0U);
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzSeeds, testing::ValuesIn(targets()),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace mnist_bench::fuzz
