#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "bench/result.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

BenchResult sample_bench() {
  BenchResult result;
  result.context = {.date = "2026-01-31T12:00:00Z",
                    .host = "host",
                    .executable = "mnist-bench",
                    .build = {.version = "0.1.0",
                              .git_revision = {},
                              .git_dirty = {},
                              .build_type = "Release",
                              .compiler = "GNU 12.2.0",
                              .libtorch = "2.15.0"},
                    .cpu = "a CPU",
                    .cores = 2,
                    .mhz = 2600.5,
                    .scaling = std::nullopt,
                    .load_average = {0.1, 0.2, 0.3},
                    .busy_cores = 0.1};
  const auto series = [](Engine engine, std::vector<BenchSample> samples) {
    return BenchSeries{.model = "mlp",
                       .engine = engine,
                       .threads = 2,
                       .simd = "AVX-512",
                       .images = 60'000,
                       .dense_flop = 1e6,
                       .samples = std::move(samples),
                       .phases = {{"forward", 0.3}, {"backward", 0.1}}};
  };
  result.series = {series(Engine::libtorch, {{2.0, 4.0}, {3.0, 6.0}, {2.4, 4.8}}),
                   series(Engine::native, {{0.5, 1.0}, {0.6, 1.2}, {0.8, 1.6}})};
  result.probes = {
      {.threads = 2, .fma_flops = {2e11, 2.1e11, 2e11}, .barrier_seconds = {1e-7, 1.2e-7, 1e-7}}};
  return result;
}

TEST(BenchText, ShowsMediansRatesAndTheShareOfThePeak) {
  const std::string text = bench_text(sample_bench());
  EXPECT_THAT(text, HasSubstr("2.400 (2.000 to 3.000)"));
  EXPECT_THAT(text, HasSubstr("0.600 (0.500 to 0.800)"));
  EXPECT_THAT(text, HasSubstr("100,000"));  // 60,000 images in 0.6 s
  EXPECT_THAT(text, HasSubstr("100.0"));    // GFLOP/s: 1e5 images of 1e6 operations
  EXPECT_THAT(text, HasSubstr(" 50.0 "));   // % of 200 GFLOP/s
}

TEST(BenchText, TakesRatiosRoundByRound) {
  // 2/0.5, 3/0.6 and 2.4/0.8, not the ratio of the medians
  EXPECT_THAT(bench_text(sample_bench()), HasSubstr("4.00 (3.00 to 5.00)"));
}

TEST(BenchText, ShowsWhereAStepSpendsItsTime) {
  const std::string text = bench_text(sample_bench());
  EXPECT_THAT(text, HasSubstr("mlp, native, 2 threads"));
  EXPECT_THAT(text, HasSubstr("75.0"));
}

TEST(BenchText, SaysNothingOfWhatWasNotMeasured) {
  BenchResult result = sample_bench();
  for (BenchSeries& series : result.series) {
    series.samples.clear();
    series.phases.clear();
  }
  result.probes.clear();
  const std::string text = bench_text(result);
  EXPECT_THAT(text, HasSubstr("–"));
  EXPECT_THAT(text, testing::Not(HasSubstr("nan")));
  EXPECT_THAT(text, testing::Not(HasSubstr("phase")));
}

TEST(BenchJson, HasTheLayoutOfGoogleBenchmark) {
  const auto json = bench_json(sample_bench());
  EXPECT_EQ(json["context"]["json_schema_version"], 1);
  EXPECT_EQ(json["context"]["library_build_type"], "release");
  ASSERT_EQ(json["benchmarks"].size(), 2U * (3 + 4));
  const auto& first = json["benchmarks"][0];
  EXPECT_EQ(first["name"], "mlp/libtorch/threads:2");
  EXPECT_EQ(first["run_type"], "iteration");
  EXPECT_EQ(first["real_time"], 2000.0);
  EXPECT_EQ(first["cpu_time"], 4000.0);
  EXPECT_EQ(first["time_unit"], "ms");
  EXPECT_EQ(first["items_per_second"], 30'000.0);
  const auto& median = json["benchmarks"][4];
  EXPECT_EQ(median["name"], "mlp/libtorch/threads:2_median");
  EXPECT_EQ(median["run_type"], "aggregate");
  EXPECT_EQ(median["aggregate_name"], "median");
  EXPECT_EQ(median["real_time"], 2400.0);
}

TEST(BenchJson, LeavesOutWhatOneRoundCannotShow) {
  BenchResult result = sample_bench();
  for (BenchSeries& series : result.series) series.samples.resize(1);
  const std::string text = bench_json(result).dump();
  EXPECT_THAT(text, testing::Not(HasSubstr("stddev")));
  EXPECT_THAT(text, testing::Not(HasSubstr("cpu_scaling_enabled")));
}

TEST(BenchWarnings, AreNoneOnAQuietMachine) {
  EXPECT_THAT(bench_warnings(sample_bench()), IsEmpty());
}

TEST(BenchWarnings, NameWhatLimitsTheNumbers) {
  const auto warning_of = [](const std::function<void(BenchResult&)>& change) {
    BenchResult result = sample_bench();
    change(result);
    return bench_warnings(result);
  };
  EXPECT_THAT(warning_of([](BenchResult& r) { r.context.build.build_type = "Debug"; }),
              ElementsAre(HasSubstr("Debug build")));
  EXPECT_THAT(warning_of([](BenchResult& r) { r.context.scaling = true; }),
              ElementsAre(HasSubstr("governor")));
  EXPECT_THAT(warning_of([](BenchResult& r) { r.context.busy_cores = 1.52; }),
              ElementsAre(HasSubstr("1.5 of 2 cores were busy")));
  EXPECT_THAT(warning_of([](BenchResult& r) { r.context.busy_cores = 0.4; }), IsEmpty());
  // Work that ended a minute ago is none.
  EXPECT_THAT(warning_of([](BenchResult& r) { r.context.load_average = {1.5, 1, 1}; }), IsEmpty());
  EXPECT_THAT(warning_of([](BenchResult& r) { r.context.cores = 1; }),
              ElementsAre(HasSubstr("2 threads share 1 cores")));
  EXPECT_THAT(warning_of([](BenchResult& r) {
                r.probes[0].barrier_seconds = {5e-8, 3e-7};
              }),
              ElementsAre(HasSubstr("50 to 300 ns")));
  EXPECT_THAT(warning_of([](BenchResult& r) {
                r.probes[0].fma_flops = {1e11, 2e11};
              }),
              ElementsAre(HasSubstr("100 to 200 GFLOP/s")));
}

}  // namespace
}  // namespace mnist_bench
