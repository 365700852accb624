#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "evaluate/statistics.h"
#include "runtime/build_info.h"
#include "train/phase_clock.h"

namespace mnist_bench {

/// Where and with what a benchmark ran. Absent: unknown.
struct BenchContext {
  std::string date;  ///< UTC, ISO 8601
  std::string host;
  std::string executable;
  BuildInfo build;
  std::string cpu;
  std::int64_t cores = 0;  ///< that the process may use
  std::optional<double> mhz;
  std::optional<bool> scaling;       ///< the cores' frequency is governed by load
  std::vector<double> load_average;  ///< over 1, 5 and 15 minutes, before the first round
};

/// An epoch of training: the mean of a training's first ones.
struct BenchSample {
  double seconds = 0.0;      ///< of training alone, steady clock
  double cpu_seconds = 0.0;  ///< of all threads
};

/// The same model, engine and number of threads, once a round.
struct BenchSeries {
  std::string model;  ///< the config's name
  Engine engine = Engine::libtorch;
  std::int64_t threads = 1;
  std::string simd;         ///< as the engine calls it
  std::int64_t epochs = 1;  ///< of a sample
  std::int64_t images = 0;  ///< of an epoch
  /// Operations of one image's training step as if nothing were skipped: 2 · (3 · all MACs − the
  /// first layer's MACs): forward, gradient of the weights, and gradient of the inputs, which the
  /// first layer does not need.
  double dense_flop = 0.0;
  std::vector<BenchSample> samples;
  std::vector<Phase> phases;  ///< of some hundred steps that are not among the samples
};

/// What the machine could do with a number of threads, once a round.
struct BenchProbe {
  std::int64_t threads = 1;
  std::vector<double> fma_flops;        ///< floating-point operations a second
  std::vector<double> barrier_seconds;  ///< empty with one thread
};

struct BenchResult {
  BenchContext context;
  std::vector<BenchSeries> series;  ///< of one model and number of threads, libtorch before native
  std::vector<BenchProbe> probes;   ///< one for each number of threads
};

/// What limits the numbers: debug build, frequency scaling, load, threads without a core, and
/// barriers that took several times as long in some rounds as in others.
std::vector<std::string> bench_warnings(const BenchResult& result);

/// Tables for a terminal: times, then phases.
std::string bench_text(const BenchResult& result);

/// In the layout of Google Benchmark's JSON (schema version 1), for its compare.py and others: each
/// epoch is an iteration, each sample a repetition, followed by mean, median, stddev and cv. What
/// that layout does not cover is under "mnist_bench" (schema mnist-bench.bench/1).
nlohmann::ordered_json bench_json(const BenchResult& result);

}  // namespace mnist_bench
