#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace mnist_bench {

/// The key that tells the runs of an experiment apart.
inline constexpr std::string_view kSeedKey = "seed";

/// The keys that say where a run is written, how it is computed and how its classes are called. Two
/// runs that differ in these alone are the same run.
inline constexpr std::array<std::string_view, 4> kRunOnlyKeys = {"output", "threads", "device",
                                                                 "data.class_names"};

/// What each run of an experiment has for itself: the seed, and with it the folder.
inline constexpr std::array<std::string_view, 2> kOwnKeysOfRun = {kSeedKey, "output"};

/// Keys that a sweep sets itself, and its own key for each.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kOwnKeysOfSweep = {
    {{kSeedKey, "seeds"}, {"name", "configs"}, {"output", "output"}}};

/// The key of a sweep file that sets `path`; absent where none does.
inline std::optional<std::string_view> own_key_of_sweep(std::string_view path) {
  for (const auto& [key, own] : kOwnKeysOfSweep) {
    if (key == path) return own;
  }
  return std::nullopt;
}

/// `path`: "training.epochs".
inline bool is_run_only(std::string_view path) {
  return std::find(kRunOnlyKeys.begin(), kRunOnlyKeys.end(), path) != kRunOnlyKeys.end();
}

/// Whether the key is a part of what the experiment is, and of its hash.
inline bool defines_experiment(std::string_view path) {
  return path != kSeedKey && !is_run_only(path);
}

}  // namespace mnist_bench
