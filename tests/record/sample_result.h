#pragma once

#include <fmt/format.h>

#include "record/result.h"

namespace mnist_bench {

/// A completed two-class run of 10 test images, 8 of them right.
inline RunResult sample_result(const std::string& name = "sample", std::uint64_t seed = 1) {
  RunResult result;
  result.status = RunStatus::completed;
  result.config.name = name;
  result.config.seed = seed;
  result.config.model = MlpConfig{};
  result.config.training.epochs = 2;
  result.provenance = {.version = "0",
                       .git_revision = "abc",
                       .git_dirty = false,
                       .build_type = "Release",
                       .compiler = "GNU",
                       .libtorch = "2",
                       .device = "cpu",
                       .device_name = "CPU",
                       .cpu = "CPU",
                       .simd = "AVX2",
                       .threads = 2,
                       .allocator = "glibc",
                       .started_at = "2026-01-01T00:00:00Z",
                       .command = "mnist-bench run"};
  result.data = {.dataset = "mnist",
                 .train = {.samples = 20, .sha256 = std::string(64, 'a'), .class_counts = {10, 10}},
                 .test = {.samples = 10, .sha256 = std::string(64, 'b'), .class_counts = {5, 5}},
                 .mean = 0.1307,
                 .std = 0.3081};
  for (const char* role : {"train_images", "train_labels", "test_images", "test_labels"}) {
    result.data->files.push_back(
        {.role = role, .path = std::string("/data/") + role, .sha256 = std::string(64, 'd')});
  }
  result.model = summarize(result.config.model, {}, /*classes=*/2);
  for (const std::int64_t epoch : {1, 2}) {
    result.epochs.push_back({.epoch = epoch,
                             .engine = "libtorch",
                             .device = "cpu",
                             .train_loss = 0.5,
                             .train_accuracy = 0.75,
                             .train_seconds = static_cast<double>(epoch),
                             .evaluate_seconds = 0.25,
                             .images_per_second = 20.0 / static_cast<double>(epoch),
                             .test = EpochScores{0.4, 0.8, 0.8}});
  }
  TestRecord test;
  test.loss = 0.4;
  test.confusion = {{4, 1}, {1, 4}};
  test.metrics = classification_metrics(test.confusion);
  result.test = test;
  result.timing = {.load_seconds = 0.1,
                   .train_seconds = 3.0,
                   .evaluate_seconds = 0.5,
                   .total_seconds = 3.7,
                   .peak_rss_bytes = 1000};
  result.predictions_sha256 = std::string(64, 'e');
  result.parameters_sha256 = fmt::format("{:c>64x}", seed);
  return result;
}

/// Lets all of the run be on the GPU of this name.
inline void move_to_gpu(RunResult& result, const std::string& name) {
  result.provenance->device = "cuda:0";
  result.provenance->device_name = name;
  for (EpochRecord& epoch : result.epochs) epoch.device = name;
}

/// The same of another status, with what that leaves of a run.
inline RunResult sample_result_of(RunStatus status) {
  RunResult result = sample_result();
  result.status = status;
  if (status == RunStatus::completed) return result;
  result.error = "because";
  result.parameters_sha256.reset();
  result.epochs.pop_back();
  result.timing.train_seconds = 1.0;
  result.timing.evaluate_seconds = 0.25;
  if (status == RunStatus::diverged) {
    result.test.reset();
    result.predictions_sha256.reset();
  }
  return result;
}

}  // namespace mnist_bench
