#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.h"

namespace mnist_bench {

/// One key that a sweep varies, or several that it varies together.
struct GridAxis {
  std::string name;               ///< "optimizer.learning_rate"; of several, with commas between
  std::vector<std::string> keys;  ///< dotted
  /// Each has an override for every key, "optimizer.learning_rate=0.01".
  std::vector<std::vector<std::string>> points;
};

/// A config of a sweep, and what is varied of it.
struct SweptConfig {
  std::filesystem::path file;
  std::vector<GridAxis> grid;  ///< the sweep's, then its own
};

/// A sweep: every config with every point of its grid and every seed.
struct SweepConfig {
  std::filesystem::path file;  ///< that it was read from
  std::string name;
  std::vector<SweptConfig> configs;
  std::vector<std::uint64_t> seeds;
  /// The folder of all run folders.
  std::string output;
};

/// Reads a sweep file of at most 1 MiB under the same strict rules as an experiment config:
///   { "name", "configs": [paths, relative to the file, or {"config": path, "grid": {..}}],
///     "seeds": [..] or {"from", "to"},
///     "grid": {"optimizer.learning_rate": [..], "model.conv1_channels,model.conv2_channels":
///     [[2, 4], ..], ..}, "output" }
/// Only configs and seeds are required; name is the file's, output is "runs/{name}".
/// Every problem is an Error(usage) that names file, JSON pointer, value and what is allowed.
/// `output` and `seeds` ("1-10" or "1,2,5"), if given, replace the file's own. `file` may be "-"
/// (stdin), a pipe or a device: then its paths are relative to the current folder, and it must have
/// a name.
SweepConfig read_sweep(const std::filesystem::path& file,
                       const std::optional<std::string>& output = std::nullopt,
                       const std::optional<std::string>& seeds = std::nullopt);

/// The runs of a sweep in their order: config by config, grid point by grid point, seed by seed.
/// `overrides` ("training.epochs=1") apply to all of them. Each has its own folder,
/// OUTPUT/CONFIG[/KEY=VALUE,..]/seed-N, in its `output`. Throws Error(usage) for more than 100,000
/// runs, a config that cannot be read, a grid or override that does not apply, or two runs in one
/// folder.
std::vector<ExperimentConfig> plan_sweep(const SweepConfig& sweep,
                                         const std::vector<std::string>& overrides);

/// A warning for each config whose model no seed changes, where several of its runs differ in
/// nothing else.
std::vector<std::string> seed_warnings(const std::vector<ExperimentConfig>& runs);

/// Every `count`-th run from the `index`-th on, 1 ≤ index ≤ count; together the shards are the
/// plan.
std::vector<ExperimentConfig> shard_of(const std::vector<ExperimentConfig>& plan,
                                       std::int64_t index, std::int64_t count);

}  // namespace mnist_bench
