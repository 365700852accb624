#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mnist_bench {

/// Of a file that `bench --inference` writes.
inline constexpr std::string_view kLatencySchema = "mnist-bench.bench-inference/1";

/// How long a network takes from images of bytes to probabilities, by one engine, in calls that
/// each take a batch of images.
struct Latency {
  std::string name;  ///< of the config; "mlp in runs/a/seed-1" where runs share name and seed
  std::string engine;
  std::int64_t batch = 1;  ///< images of a call
  std::int64_t threads = 1;
  std::int64_t calls = 0;  ///< that were timed
  double p50_us = 0.0;     ///< percentiles of a call's time, by nearest rank
  double p90_us = 0.0;
  double p99_us = 0.0;
  double images_per_second = 0.0;  ///< of all calls together
  std::string simd;                ///< as the engine calls it
  std::int64_t parameter_bytes = 0;
  std::int64_t activation_bytes = 0;  ///< peak_activation_bytes
  std::string config_hash;
  /// Of the run whose parameters were used; absent: initial ones.
  std::optional<std::int64_t> seed;
  // What its file says of all of them.
  std::string machine = {};                ///< "AMD EPYC-Milan Processor, 2 cores"
  std::vector<std::string> warnings = {};  ///< on what limits the times
};

/// An object of `series`, without what the file says of all.
nlohmann::ordered_json to_json(const Latency& latency);

/// The `series` of a file. Throws Error(io), naming the file, for what is damaged, lacking, of
/// another type or beyond its range.
std::vector<Latency> read_latencies(const std::filesystem::path& file);

}  // namespace mnist_bench
