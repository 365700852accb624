// SHA-256 of MNIST's test images after transforms: of the definition (src/transform/README.md), and
// of the implementation in make_transform_oracle.py.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/sanitized.h"
#include "base/sha256.h"
#include "transform/images.h"
#include "transform/suite.h"

namespace mnist_bench::test {
namespace {

const nlohmann::json& checksums() {
  static const auto json = nlohmann::json::parse(
      std::ifstream(MNIST_BENCH_SOURCE "/tests/transform/transform_oracle.json"));
  return json;
}

/// The first 16 digits.
std::string digits_after(std::string_view spec) {
  const std::vector<std::uint8_t> pixels = transformed_mnist(spec);
  Sha256 sha;
  sha.update(pixels.data(), pixels.size());
  return sha.hex().substr(0, 16);
}

std::string first_type(const std::string& spec) { return spec.substr(0, spec.find_first_of(":+")); }

std::vector<std::string> all_types() {
  std::vector<std::string> types;
  for (const TransformKind& kind : transform_kinds()) types.emplace_back(kind.type);
  return types;
}

#ifdef MNIST_BENCH_SANITIZED
constexpr int kMostPerKind = 2;  // each takes ten times as long
#else
constexpr int kMostPerKind = 1'000;
#endif

class ChecksumsOf : public ::testing::TestWithParam<std::string> {};

TEST_P(ChecksumsOf, AreThoseOfTheOtherImplementation) {
  int compared = 0;
  for (const nlohmann::json& suite : checksums()) {
    for (const auto& [spec, digits] : suite.items()) {
      if (first_type(spec) != GetParam() || compared == kMostPerKind) continue;
      EXPECT_EQ(digits_after(spec), digits.get<std::string>()) << spec;
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
}

INSTANTIATE_TEST_SUITE_P(Kind, ChecksumsOf, ::testing::ValuesIn(all_types()),
                         [](const auto& kind) { return kind.param; });

TEST(Checksums, AreThoseOfTheDefinition) {
  const std::vector<std::pair<std::string, std::string>> published = {
      {"identity", "6d87418db22cc802"},
      {"shift:dx=2", "931307ea3e841306"},
      {"rotate:degrees=15", "00ec6c7c19cbb690"},
      {"scale:factor=0.8", "84e4d44b09bafd8e"},
      {"shear:factor=0.2", "4bd232723e2443f1"},
      {"gaussian_noise:sigma=0.1", "0a9cb6d958ff3a30"},
      {"salt_pepper:p=0.1", "b46e0c157a98df66"},
      {"shot_noise:peak=60", "19edbb15ec088427"},
      {"blur:sigma=1", "f974cffef63f595e"},
      {"occlude:size=8", "a67c3d9fdc05f662"},
      {"elastic:alpha=8", "56828c9593bb2010"},
      {"permute_pixels:seed=1", "694a51512fcf8def"},
      {"transpose", "55f08a2e01dedf06"},
      {"resize:rows=14,columns=14", "d3554808a1d92e52"},
      {"resize:rows=56,columns=56", "07f3fd4ad83bc628"}};
  for (const auto& [spec, digits] : published) EXPECT_EQ(digits_after(spec), digits) << spec;
}

TEST(Checksums, CoverTheStandardSuite) {
  std::set<std::string> in_suite;
  for (const TransformChain& chain : find_suite("standard").points) {
    in_suite.insert(canonical_spec(chain));
  }
  std::set<std::string> in_oracle;
  for (const auto& item : checksums()["standard"].items()) in_oracle.insert(item.key());
  EXPECT_EQ(in_suite, in_oracle);
}

}  // namespace
}  // namespace mnist_bench::test
