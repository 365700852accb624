#include "record/latency.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/temporary_folder.h"

namespace mnist_bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class LatencyFile : public testing::Test {
 protected:
  /// What a file says of one series.
  static nlohmann::ordered_json sound() {
    return {{"schema", kLatencySchema},
            {"context", {{"cpu", "Some CPU"}, {"num_cpus", 2}}},
            {"warnings", {"4 threads share 2 cores"}},
            {"series",
             {{{"name", "mlp"},
               {"engine", "native"},
               {"batch", 1},
               {"threads", 2},
               {"calls", 5000},
               {"p50_us", 15.25},
               {"p90_us", 16.5},
               {"p99_us", 40.0},
               {"images_per_second", 60'000.0},
               {"simd", "AVX-512"},
               {"parameter_bytes", 940'584},
               {"activation_bytes", 4160},
               {"config_hash", std::string(64, 'a')},
               {"seed", 3}}}}};
  }

  std::vector<Latency> read(const nlohmann::ordered_json& json) {
    std::ofstream(file_) << json;
    return read_latencies(file_);
  }

  std::string error_of(const nlohmann::ordered_json& json) {
    try {
      read(json);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::io);
      return error.what();
    }
    return "no error";
  }

  test::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "latency.json";
};

TEST_F(LatencyFile, IsWhatWasWritten) {
  const std::vector<Latency> read_back = read(sound());
  ASSERT_EQ(read_back.size(), 1U);
  EXPECT_EQ(read_back[0].p50_us, 15.25);
  EXPECT_EQ(read_back[0].seed, 3);
  EXPECT_EQ(to_json(read_back[0]), sound()["series"][0]);
  EXPECT_EQ(read_back[0].machine, "Some CPU, 2 cores");
  EXPECT_THAT(read_back[0].warnings, testing::ElementsAre("4 threads share 2 cores"));
}

TEST_F(LatencyFile, OfInitialParametersHasNoSeed) {
  nlohmann::ordered_json json = sound();
  json["series"][0]["seed"] = nullptr;
  EXPECT_FALSE(read(json).front().seed.has_value());
}

TEST_F(LatencyFile, ThatCannotBeUsedIsNamedWithWhatIsWrong) {
  const auto error_with = [&](const char* member, const nlohmann::ordered_json& value) {
    nlohmann::ordered_json json = sound();
    json["series"][0][member] = value;
    return error_of(json);
  };
  EXPECT_THAT(error_with("p50_us", "15"), AllOf(HasSubstr("latency.json"), HasSubstr("p50_us")));
  EXPECT_THAT(error_with("p50_us", 0.0), HasSubstr("above 0"));
  EXPECT_THAT(error_with("p90_us", 1.0), HasSubstr("series[0].p90_us is 1.0"));
  EXPECT_THAT(error_with("batch", 0), HasSubstr("series[0].batch is 0"));
  EXPECT_THAT(error_with("engine", "jax"), HasSubstr("jax"));
  EXPECT_THAT(error_with("config_hash", "abc"), HasSubstr("config_hash"));
  nlohmann::ordered_json of_nowhere = sound();
  of_nowhere.erase("context");
  EXPECT_THAT(error_of(of_nowhere), HasSubstr("it has no context"));
  EXPECT_THAT(error_of({{"schema", "mnist-bench.bench/1"}}), HasSubstr("mnist-bench.bench/1"));
  EXPECT_THAT(error_of(nlohmann::ordered_json::object()), HasSubstr("it has no schema"));
}

}  // namespace
}  // namespace mnist_bench
