#include "experiment/sweep.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "data/dataset.h"
#include "record/result_json.h"
#include "report/rounding.h"
#include "runtime/interrupt.h"
#include "runtime/process.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kPollMilliseconds = 200;

/// A worker and its current run.
struct Slot {
  std::vector<int> cores;
  std::unique_ptr<Worker> worker;
  std::optional<ExperimentConfig> run;
  std::string before;  ///< the record in the run's folder when the run was assigned
  std::string progress;
  bool leaving = false;  ///< the worker ends by itself
};

/// The record in a run's folder; none where it cannot be read, which the run itself reports.
std::string record_in(const std::string& folder) {
  try {
    return result_bytes(folder);
  } catch (const std::exception&) {
    return {};
  }
}

/// A folder's last characters, which distinguish the runs of a sweep, so that a line fits a
/// terminal.
std::string end_of(const std::string& folder) {
  constexpr std::size_t kShown = 24;
  if (folder.size() <= kShown) return folder;
  return ".." + folder.substr(folder.size() - kShown + 2);
}

bool may_use_cuda(const ExperimentConfig& run) {
  return engine_of(run) == Engine::libtorch && run.device != "cpu";
}

/// A sweep in progress.
class Sweep {
 public:
  Sweep(const std::vector<ExperimentConfig>& runs, const SweepOptions& options, DataCache& data,
        Observer& observer)
      : runs_(runs),
        options_(options),
        data_(data),
        observer_(observer),
        cuda_(std::any_of(runs.begin(), runs.end(), may_use_cuda)) {
    const auto jobs = std::min<std::size_t>(static_cast<std::size_t>(options.jobs), runs.size());
    slots_.resize(jobs);
    // Even where one run is left: what it computes must not depend on which others are done.
    if (options.jobs > 1 && !options_.threads) options_.threads = 1;
    if (jobs > 1) share_cores();
  }

  SweepOutcome run() {
    while (hand_out()) {
      wait_for_events();
      if (interrupted() && !outcome_.interrupted) {
        outcome_.interrupted = true;
        for (Slot& slot : slots_) {
          if (slot.run) slot.worker->interrupt();
        }
      }
      if (observer_.status_due()) observer_.status(status_lines());
    }
    outcome_.ended = done_;
    outcome_.workers = static_cast<std::int64_t>(slots_.size());
    outcome_.seconds = seconds_since(start_);
    return outcome_;
  }

 private:
  /// One core per thread of each worker, where there are enough.
  void share_cores() {
    const std::vector<int> cores = allowed_cores();
    const auto threads = static_cast<std::size_t>(*options_.threads);
    if (slots_.size() * threads > cores.size()) {
      observer_.warn(
          fmt::format("{} workers of {} on {} available cores will slow each "
                      "other down",
                      slots_.size(), counted(*options_.threads, "thread"), cores.size()));
      return;
    }
    auto next = cores.begin();
    for (Slot& slot : slots_) {
      slot.cores.assign(next, next + static_cast<std::ptrdiff_t>(threads));
      next += static_cast<std::ptrdiff_t>(threads);
    }
  }

  /// Gives each idle slot a run while there are some. Returns whether any is in progress, here or
  /// in another process that is waited for.
  bool hand_out() {
    const bool stopping = outcome_.interrupted || (options_.fail_fast && !outcome_.failed.empty());
    bool busy = false;
    for (Slot& slot : slots_) {
      if (!slot.run && !stopping) {
        if (std::optional<ExperimentConfig> run = next_run()) {
          if (slot.leaving) slot.worker.reset();
          slot.leaving = false;
          slot.run = std::move(run);
          if (options_.threads) slot.run->threads = options_.threads;
          slot.before = record_in(slot.run->output);
          send(slot);
        }
      }
      busy = busy || slot.run;
    }
    return busy || (!stopping && !in_use_.empty());
  }

  /// The next run that no process works on: of those not begun or, after them, of those that other
  /// processes have released.
  std::optional<ExperimentConfig> next_run() {
    if (next_ < runs_.size()) return runs_[next_++];
    const auto free = std::find_if(in_use_.begin(), in_use_.end(),
                                   [](const auto& run) { return !is_run_in_use(run.output); });
    if (free == in_use_.end()) return std::nullopt;
    ExperimentConfig run = std::move(*free);
    in_use_.erase(free);
    return run;
  }

  /// What to do with an existing run in the folder. A run that another process finished while this
  /// one waited is done, even with --force.
  [[nodiscard]] Existing existing_for(const ExperimentConfig& run) const {
    if (!options_.force) return Existing::resume;
    try {
      const bool is_done = waited_for_.contains(run.output) && finished_run(run.output, run);
      return is_done ? Existing::resume : Existing::replace;
    } catch (const std::exception&) {  // of another config, or damaged
      return Existing::replace;
    }
  }

  /// Gives a slot's run to its worker, or to a new one.
  void send(Slot& slot) {
    if (!slot.worker) {
      slot.worker = std::make_unique<Worker>(slot.cores, cuda_, data_, options_.worker_observer);
    }
    slot.progress = "starting";
    slot.worker->send({.config = *slot.run,
                       .existing = existing_for(*slot.run),
                       .jobs = static_cast<std::int64_t>(slots_.size()),
                       .command = options_.command});
  }

  void wait_for_events() {
    std::vector<pollfd> descriptors;
    std::vector<Slot*> busy;
    for (Slot& slot : slots_) {
      if (!slot.run) continue;
      descriptors.push_back({.fd = slot.worker->descriptor(), .events = POLLIN, .revents = 0});
      busy.push_back(&slot);
    }
    if (::poll(descriptors.data(), descriptors.size(), kPollMilliseconds) <= 0) return;
    for (std::size_t i = 0; i < busy.size(); ++i) {
      if (descriptors[i].revents == 0) continue;
      for (const std::string& line : busy[i]->worker->read_lines()) on_line(*busy[i], line);
      if (busy[i]->worker->ended()) on_death(*busy[i]);
    }
  }

  void on_line(Slot& slot, const std::string& line) {
    const Json event = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    // Of an epoch, or of a fit.
    if (event.is_object()) outcome_.train_seconds += event.value("train_seconds", 0.0);
    if (!event.is_object()) {  // printed by a library
      observer_.debug(fmt::format("worker: {}", line));
    } else if (event.value("event", "") == "progress") {
      slot.progress = event.value("text", "");
    } else if (event.value("event", "") == "end") {
      on_end(slot, event);
    } else {
      const std::string message = event.value("message", "");
      const bool is_news = event.value("level", "") == "warning" &&
                           warnings_.emplace(data_folder(slot.run->data), message).second;
      const std::string shown = fmt::format("{}: {}", slot.run->output, message);
      is_news ? observer_.warn(shown) : observer_.debug(shown);
    }
  }

  void on_end(Slot& slot, const Json& event) {
    const std::string status = event.value("status", "failed");
    if (status == to_string(RunStatus::completed)) {
      report(slot, fmt::format("accuracy {} %",
                               percent_of_images(event.value("accuracy", 0.0),
                                                 event.value("test_images", std::int64_t{0}))));
    } else if (status == to_string(RunStatus::interrupted)) {
      report(slot, "interrupted");
      // A signal to this worker alone: it takes no more runs, and the next one needs a new worker.
      if (!interrupted()) slot.leaving = true;
    } else if (status == to_string(RunStatus::diverged)) {
      report_failure(slot, "diverged: " + event.value("error", ""));
    } else if (event.value("in_use", false)) {
      wait_for(*slot.run);
    } else {
      fail(slot, event.value("error", ""));
    }
    slot.run.reset();
  }

  /// Retries the run once the other process releases it.
  void wait_for(const ExperimentConfig& run) {
    in_use_.push_back(run);
    if (!waited_for_.insert(run.output).second) return;
    observer_.info(fmt::format("{}: in use by another process; waiting for it", run.output));
  }

  void on_death(Slot& slot) {
    const std::optional<std::string> end = slot.worker->wait();
    slot.worker.reset();
    if (slot.run && !end && !outcome_.interrupted) {  // a signal to it alone, between two runs
      send(slot);
      return;
    }
    if (slot.run && end) fail(slot, "its worker " + *end);
    slot.run.reset();
  }

  void fail(const Slot& slot, const std::string& error) {
    report_failure(slot, "failed: " + error);
    try {
      record_failure(*slot.run, error, slot.before);
    } catch (const Error& problem) {
      observer_.warn(fmt::format("no record of it: {}", problem.what()));
    }
  }

  /// A warning, since --quiet keeps causes.
  void report_failure(const Slot& slot, const std::string& what) {
    outcome_.failed.insert(slot.run->output);
    observer_.warn(done_line(slot, what));
  }

  void report(const Slot& slot, const std::string& what) { observer_.info(done_line(slot, what)); }

  std::string done_line(const Slot& slot, const std::string& what) {
    ++done_;
    return fmt::format("[{}/{}] {}: {}", done_, runs_.size(), slot.run->output, what);
  }

  [[nodiscard]] std::vector<std::string> status_lines() const {
    std::vector<std::string> lines = {fmt::format(
        "{} of {} done{}", done_, runs_.size(),
        outcome_.failed.empty() ? "" : fmt::format(", {} failed", outcome_.failed.size()))};
    for (const Slot& slot : slots_) {
      if (slot.run) lines.push_back(fmt::format("{}: {}", end_of(slot.run->output), slot.progress));
    }
    for (const ExperimentConfig& run : in_use_) {
      lines.push_back(fmt::format("{}: in use by another process", end_of(run.output)));
    }
    return lines;
  }

  Clock::time_point start_ = Clock::now();
  const std::vector<ExperimentConfig>& runs_;
  SweepOptions options_;
  DataCache& data_;
  Observer& observer_;
  bool cuda_;  ///< a run may use it
  std::vector<Slot> slots_;
  std::size_t next_ = 0;
  std::vector<ExperimentConfig> in_use_;  ///< by other processes, and waited for
  std::set<std::string> waited_for_;      ///< output folders of all that ever were in use
  /// Warnings already shown, by data folder: they are about the machine or the data, so the same
  /// for each run.
  std::set<std::pair<std::filesystem::path, std::string>> warnings_;
  std::int64_t done_ = 0;
  SweepOutcome outcome_;
};

}  // namespace

SweepOutcome run_sweep(const std::vector<ExperimentConfig>& runs, const SweepOptions& options,
                       DataCache& data, Observer& observer) {
  return Sweep(runs, options, data, observer).run();
}

}  // namespace mnist_bench
