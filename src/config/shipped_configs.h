#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mnist_bench {

/// The configs that ship with the program, by their names ("mlp"), sorted: the .json files of the
/// shipped folder configs/, and those of its folder models/.
std::vector<std::string> shipped_config_names();

/// The file that `word` names where a config is asked for: the path `word` or, where there is no
/// such file and `word` has neither '/' nor the ending .json, the shipped config of this name.
/// Throws Error(usage) for such a word that is neither, with the nearest of the names.
std::filesystem::path find_config(const std::filesystem::path& word);

}  // namespace mnist_bench
