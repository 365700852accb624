#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "bench/context.h"
#include "config/experiment.h"
#include "evaluate/statistics.h"
#include "train/phase_clock.h"

namespace mnist_bench {

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

/// What limits the numbers: context_warnings, and barriers and FMA peaks that differ between
/// rounds.
std::vector<std::string> bench_warnings(const BenchResult& result);

/// Tables for a terminal: times, then phases.
std::string bench_text(const BenchResult& result);

/// In the layout of Google Benchmark's JSON (schema version 1), for its compare.py and others: each
/// epoch is an iteration, each sample a repetition, followed by mean, median, stddev and cv. What
/// that layout does not cover is under "mnist_bench" (schema mnist-bench.bench/1).
nlohmann::ordered_json bench_json(const BenchResult& result);

}  // namespace mnist_bench
