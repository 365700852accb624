#include "config/shipped_configs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <system_error>

#include "base/error.h"
#include "base/nearest.h"
#include "base/shipped_files.h"

namespace mnist_bench {
namespace {

constexpr const char* kEnding = ".json";

/// Name → file; of two with the same name, the one in configs/ itself.
std::map<std::string, std::filesystem::path> shipped_configs() {
  std::map<std::string, std::filesystem::path> configs;
  const auto shipped = find_shipped("configs");
  if (!shipped) return configs;
  for (const std::filesystem::path& folder : {*shipped, *shipped / "models"}) {
    std::error_code error;  // there may be no models/
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.path().extension() != kEnding || !entry.is_regular_file()) continue;
      configs.emplace(entry.path().stem().string(), entry.path());
    }
  }
  return configs;
}

std::vector<std::string> names_of(const std::map<std::string, std::filesystem::path>& configs) {
  std::vector<std::string> names;
  for (const auto& [name, file] : configs) names.push_back(name);
  return names;
}

[[noreturn]] void fail_without_configs(const std::filesystem::path& word) {
  std::vector<std::string> folders;
  for (const std::filesystem::path& folder : shipped_folders()) {
    folders.push_back((folder / "configs").string());
  }
  throw Error(ExitCode::usage,
              fmt::format("cannot read {}: No such file or directory, and the configs that ship "
                          "with mnist-bench were not found in {}",
                          word.string(), fmt::join(folders, ", ")),
              "name a config file, or with MNIST_BENCH_DATA the share/mnist-bench of an "
              "installation");
}

}  // namespace

std::vector<std::string> shipped_config_names() { return names_of(shipped_configs()); }

std::filesystem::path find_config(const std::filesystem::path& word) {
  std::error_code error;
  const bool may_be_name =
      !word.empty() && word == word.filename() && word.extension() != kEnding && word != "-";
  if (!may_be_name || std::filesystem::exists(word, error)) return word;
  const auto configs = shipped_configs();
  if (const auto found = configs.find(word.string()); found != configs.end()) return found->second;
  if (configs.empty()) fail_without_configs(word);
  const std::vector<std::string> names = names_of(configs);
  const auto close = nearest(word.string(), names);
  const std::string advice =
      close ? fmt::format("did you mean '{}'?", *close)
            : fmt::format("name a config file, or one that ships with the program: {}",
                          fmt::join(names, ", "));
  throw Error(ExitCode::usage,
              fmt::format("cannot read {}: No such file or directory, nor a shipped config of this "
                          "name",
                          word.string()),
              advice);
}

}  // namespace mnist_bench
