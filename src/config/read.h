#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.h"

namespace mnist_bench {

/// The most bytes of a config or a sweep file.
inline constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20U;

/// Reads the config file `word` of at most kMaxConfigBytes and applies `overrides`
/// ("training.epochs=1"), which obey the same rules. A string key takes an override's text as it is
/// (or a JSON string in quotes); all other keys take JSON. Every problem is an Error(usage) that
/// names the file (or the override), the JSON pointer, the value found and what is allowed. `word`
/// may be the name of a shipped config (`find_config`), or "-" (stdin), a pipe or a device, whose
/// config must have a name of its own.
ExperimentConfig read_experiment(const std::filesystem::path& word,
                                 const std::vector<std::string>& overrides = {});

/// The same for a config in memory. `origin` is what messages call it, and its stem (file name
/// without extension) is the experiment's name where the config gives none.
ExperimentConfig parse_experiment(std::string_view text, std::string_view origin,
                                  const std::vector<std::string>& overrides = {});

/// What messages call the config that read_experiment finds for `word`: its file, or "stdin".
std::string config_origin(const std::filesystem::path& word);

}  // namespace mnist_bench
