#include "bench/inference.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "base/text.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

InferenceResult sample_inference() {
  InferenceResult result;
  result.context.build.build_type = "Release";
  result.context.cores = 2;
  const auto series = [](const char* engine, std::optional<std::int64_t> seed) {
    return Latency{.name = "cnn",
                   .engine = engine,
                   .batch = 64,
                   .threads = 2,
                   .calls = 5'000,
                   .p50_us = 12'345.6,
                   .p90_us = 23'456.7,
                   .p99_us = 34'567.8,
                   .images_per_second = 1'234'567.8,
                   .simd = "AVX-512",
                   .parameter_bytes = 1'686'568,
                   .activation_bytes = 125'440,
                   .config_hash = std::string(64, 'a'),
                   .seed = seed};
  };
  result.series = {series("libtorch", {}), series("native", {}), series("native", 12)};
  return result;
}

TEST(SummarizeCalls, TakesPercentilesByNearestRankAndTheRateFromTheSum) {
  std::vector<double> seconds(200);
  std::iota(seconds.begin(), seconds.end(), 1.0);
  std::reverse(seconds.begin(), seconds.end());  // 200, …, 1 s
  Latency latency;
  latency.batch = 4;
  summarize_calls(seconds, latency);
  EXPECT_EQ(latency.calls, 200);
  EXPECT_EQ(latency.p50_us, 100e6);
  EXPECT_EQ(latency.p90_us, 180e6);
  EXPECT_EQ(latency.p99_us, 198e6);
  EXPECT_DOUBLE_EQ(latency.images_per_second, 4.0 * 200 / 20'100);
}

TEST(SummarizeCalls, OfOneCallIsThatCall) {
  Latency latency;
  summarize_calls({0.5}, latency);
  EXPECT_EQ(latency.p50_us, 5e5);
  EXPECT_EQ(latency.p99_us, 5e5);
  EXPECT_EQ(latency.images_per_second, 2.0);
}

TEST(InferenceText, FitsATerminalAndNamesRunsBySeed) {
  const std::string text = inference_text(sample_inference());
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(code_points(line), 80U) << line;
  EXPECT_THAT(text, HasSubstr("cnn, seed 12"));
  EXPECT_THAT(text, HasSubstr("12300  23500  34600  1,234,567"));
  EXPECT_THAT(text, HasSubstr("1,686,568"));
  EXPECT_THAT(text, HasSubstr("SIMD: libtorch AVX-512, native AVX-512\n"));
  EXPECT_THAT(text, Not(HasSubstr("warning")));
}

TEST(InferenceJson, HasASeriesForEachAndItsContext) {
  InferenceResult result = sample_inference();
  result.context.cores = 1;
  const auto json = inference_json(result);
  EXPECT_EQ(json["schema"], "mnist-bench.bench-inference/1");
  EXPECT_EQ(json["context"]["num_cpus"], 1);
  ASSERT_EQ(json["series"].size(), 3U);
  EXPECT_EQ(json["series"][0]["p50_us"], 12'345.6);
  EXPECT_TRUE(json["series"][0]["seed"].is_null());
  EXPECT_EQ(json["series"][2]["seed"], 12);
  EXPECT_THAT(json["warnings"], ElementsAre("2 threads share 1 cores"));
}

}  // namespace
}  // namespace mnist_bench
