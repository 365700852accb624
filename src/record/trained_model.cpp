#include "record/trained_model.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "record/checkpoint.h"
#include "record/layer_tensors.h"
#include "record/stored_files.h"

namespace mnist_bench {
namespace {

[[noreturn]] void refuse_model(const char* why) { throw Error(ExitCode::io, why); }

}  // namespace

Safetensors read_sound_model(const std::filesystem::path& folder,
                             std::optional<std::uint64_t> values) {
  Safetensors model = read_model(folder, values);
  const auto said = model.metadata.find("parameters_sha256");
  if (said == model.metadata.end()) refuse_model("its header has no parameters_sha256");
  if (said->second != parameters_sha256(model.tensors)) {
    refuse_model("its parameters do not match its parameters_sha256");
  }
  // Loaders ask for it.
  const auto format = model.metadata.find("format");
  if (format == model.metadata.end() || format->second != "pt") {
    refuse_model("its header has no format \"pt\"");
  }
  return model;
}

void require_model_of(const RunResult& result, const Safetensors& model) {
  if (result.parameters_sha256 != parameters_sha256(model.tensors)) {
    refuse_model("its parameters do not match the parameters_sha256 of result.json");
  }
  require_tensors_of(result, model.tensors);
}

void require_completed_run(const StoredRun& run) {
  if (run.result.status == RunStatus::completed) return;
  throw Error(
      ExitCode::io,
      fmt::format("{} is no completed run: {}", run.folder.string(), to_string(run.result.status)),
      is_final(run.result.status) ? "name a completed run" : "finish it with --resume");
}

std::vector<NamedTensor> read_trained_model(const StoredRun& run) {
  require_completed_run(run);
  if (!is_network(run.result.config.model)) {
    throw Error(ExitCode::usage,
                fmt::format("{} is of model.type \"{}\", which is no network: it has no trained "
                            "parameters",
                            run.folder.string(), model_type(run.result.config.model)),
                "name the run of a network; evaluate, predict, report and compare take this one");
  }
  try {
    Safetensors model = read_sound_model(run.folder, stored_values(run.result).model);
    require_model_of(run.result, model);
    return std::move(model.tensors);
  } catch (const Error& error) {
    const std::string file = (run.folder / "model.safetensors").string();
    const std::string why = error.what();
    throw Error(ExitCode::io, why.find(file) == std::string::npos ? file + ": " + why : why,
                "put the file back, or train the run again with --force");
  }
}

}  // namespace mnist_bench
