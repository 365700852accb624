#include "experiment/sweep_plan.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "data/dataset.h"
#include "record/result_json.h"
#include "runtime/device.h"
#include "runtime/process.h"

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

void require_data(const std::vector<ExperimentConfig>& runs, DataCache& data) {
  std::set<std::filesystem::path> seen;
  std::vector<DataConfig> each;
  for (const ExperimentConfig& run : runs) {
    if (!seen.insert(data_folder(run.data)).second) continue;
    each.push_back(run.data);
    each.back().train_limit.reset();
    each.back().test_limit.reset();
  }
  std::reverse(each.begin(), each.end());  // the first run's last, so that they stay
  for (const DataConfig& config : each) data.load(config);
}

void require_devices(const std::vector<ExperimentConfig>& runs) {
  std::set<std::string> wanted;
  for (const ExperimentConfig& run : runs) {
    const bool cpu = run.device == "cpu" || run.device == "auto";
    if (run.training.engine == Engine::libtorch && !cpu) wanted.insert(run.device);
  }
  if (wanted.empty()) return;
  in_child_process([&] {
    for (const std::string& device : wanted) choose_device(device);
  });
}

}  // namespace mnist_bench
