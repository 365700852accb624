#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

#include "bench/context.h"
#include "config/experiment.h"
#include "experiment/observer.h"
#include "record/latency.h"
#include "record/read_result.h"

namespace mnist_bench {

/// What predicts: the network of a config with its initial parameters, or a trained one.
using InferenceModel = std::variant<ExperimentConfig, StoredRun>;

struct InferenceOptions {
  std::vector<InferenceModel> models;
  std::vector<Engine> engines = {Engine::libtorch, Engine::native};
  std::vector<std::int64_t> threads = {1};
  std::vector<std::int64_t> batches = {1, 64};
  std::int64_t rounds = 5;
  std::string executable;
};

struct InferenceResult {
  BenchContext context;
  /// Of one model, number of threads and batch, the engines in their order.
  std::vector<Latency> series;
};

/// Times the forward pass of every model, number of threads, batch size and engine on the CPU, in
/// rounds: a turn of each, then the next turn of each. A turn is a few warm-up calls and then calls
/// that are timed one by one, each on the next images of the data's test set. A call takes images
/// of bytes in memory to the probabilities of all classes in memory: normalization, network,
/// softmax (Predictor::probabilities). `on_round` sees the result after each round. An interrupt
/// (runtime/interrupt.h) ends it after the current call, as Error(interrupted). Throws Error for a
/// run without a usable model, or a batch of more images than the test set has.
void run_inference(const InferenceOptions& options, Observer& observer,
                   const std::function<void(const InferenceResult&)>& on_round);

/// Sets calls, percentiles and rate of `latency`, whose batch is set, from the seconds of at least
/// one call.
void summarize_calls(std::vector<double> seconds, Latency& latency);

/// Tables for a terminal of 80 columns: latencies, then sizes.
std::string inference_text(const InferenceResult& result);

/// Schema mnist-bench.bench-inference/1.
nlohmann::ordered_json inference_json(const InferenceResult& result);

}  // namespace mnist_bench
