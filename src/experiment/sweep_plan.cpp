#include "experiment/sweep_plan.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "data/dataset.h"
#include "experiment/trainable.h"
#include "record/result_json.h"
#include "runtime/device.h"
#include "runtime/process.h"
#include "transform/apply.h"

namespace mnist_bench {
namespace {

std::string state_text(const RunState& state) {
  if (state.in_use) return "in use by another process";
  if (state.result) return std::string(to_string(state.result->status));
  return state.started ? "unfinished" : "missing";
}

}  // namespace

std::vector<PlannedRun> planned_runs(const std::vector<ExperimentConfig>& plan, bool force) {
  std::vector<PlannedRun> runs;
  for (const ExperimentConfig& config : plan) {
    runs.push_back({.config = config, .state = {}});
    try {
      runs.back().state = run_state(config.output, config);
    } catch (const Error& error) {
      if (!force) {
        throw Error(error.code(), error.what(),
                    "move that run out of the way, use --output DIR for another folder, or --force "
                    "to train the whole sweep again");
      }
      runs.back().state.started = true;
    }
  }
  return runs;
}

std::string plan_text(const std::vector<PlannedRun>& runs) {
  std::vector<std::vector<std::string>> rows;
  for (const PlannedRun& run : runs) rows.push_back({run.config.output, state_text(run.state)});
  return text_table({Align::left, Align::left}, {"run", "state"}, rows);
}

void require_trainable(const std::vector<ExperimentConfig>& runs, DataCache& data) {
  std::map<std::filesystem::path, std::vector<const ExperimentConfig*>> by_folder;
  std::vector<std::filesystem::path> folders;
  for (const ExperimentConfig& run : runs) {
    std::vector<const ExperimentConfig*>& same = by_folder[data_folder(run.data)];
    if (same.empty()) folders.push_back(data_folder(run.data));
    same.push_back(&run);
  }
  std::reverse(folders.begin(), folders.end());  // the first run's last, so that they stay
  for (const std::filesystem::path& folder : folders) {
    const std::vector<const ExperimentConfig*>& on_it = by_folder[folder];
    DataConfig all = on_it.front()->data;
    all.train_limit.reset();
    all.test_limit.reset();
    all.validation.reset();
    all.transform.clear();
    data.load(all);
    const DataShape file = shape_of(data.dataset());
    for (const ExperimentConfig* run : on_it) {
      DataShape shape = file;
      const std::int64_t left = file.train_images - run->data.validation.value_or(0);
      const std::int64_t wanted = run->data.train_limit.value_or(left);
      // A limit beyond the data fails its run alone, which leaves a record of it.
      if (1 <= wanted && wanted <= file.train_images) shape.train_images = wanted;
      naming_config(run->output, [&] {
        shape.image = prepare_chain(run->data.transform, file.image).output;
        require_trainable(*run, shape);
      });
    }
  }
}

void require_devices(const std::vector<ExperimentConfig>& runs) {
  std::set<std::string> wanted;
  for (const ExperimentConfig& run : runs) {
    const bool cpu = run.device == "cpu" || run.device == "auto";
    if (engine_of(run) == Engine::libtorch && !cpu) wanted.insert(run.device);
  }
  if (wanted.empty()) return;
  in_child_process([&] {
    for (const std::string& device : wanted) choose_device(device);
  });
}

}  // namespace mnist_bench
