#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "experiment/data_cache.h"
#include "experiment/observer.h"
#include "record/run_folder.h"

namespace mnist_bench {

/// Makes an observer that writes JSON lines on stderr, progress included.
using ObserverFactory = std::function<std::unique_ptr<Observer>()>;

/// A sweep's request to a worker: train this.
struct WorkRequest {
  ExperimentConfig config;
  Existing existing = Existing::resume;
  /// For the record: workers side by side, and the sweep's command line.
  std::int64_t jobs = 1;
  std::string command;
};

nlohmann::ordered_json to_json(const WorkRequest& request);
/// Throws nlohmann::json::exception or Error(usage).
WorkRequest work_request_from(const nlohmann::ordered_json& json);

/// A process that trains one experiment after another. It gets requests as lines of JSON on stdin,
/// and answers with lines of JSON on stderr: what a run says with --log-format json, progress
/// within epochs, and an end ("event": "end") with status, error and exit code, and with "in_use"
/// where another process holds the run's folder. It is killed when this process ends.
///
/// It is forked from this process rather than started afresh, since LibTorch takes a fifth of a
/// second to load. Hence this process must not have computed anything or asked for a CUDA device:
/// neither LibTorch's threads nor a CUDA context outlive a fork. A worker that may have to use CUDA
/// (`cuda`) looks for it before its first run: after one on the CPU it would be too late.
class Worker {
 public:
  /// Forks the process, on `cores` alone if there are any; it has what `data` holds, and reports
  /// each run through its own observer. Throws Error(io).
  Worker(const std::vector<int>& cores, bool cuda, DataCache& data,
         const ObserverFactory& make_observer);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void send(const WorkRequest& request) const;
  /// No further requests: the process ends once it is done with what it has.
  void close();
  /// Asks the run in progress to end after its current step.
  void interrupt() const;

  /// To be polled for reading.
  [[nodiscard]] int descriptor() const { return events_; }
  /// What has arrived since the last call, as whole lines. After the end of the process, an empty
  /// list and `ended()`.
  std::vector<std::string> read_lines();
  [[nodiscard]] bool ended() const { return ended_; }
  /// Waits for the process and says how it ended: "was killed by signal 9 (Killed)". Absent: by
  /// itself, after `close` or a signal, having reported the end of every run that it began.
  std::optional<std::string> wait();

 private:
  /// Throws Error(io) if pipes or a process cannot be had.
  void start(const std::vector<int>& cores, bool cuda, DataCache& data,
             const ObserverFactory& make_observer);

  pid_t process_ = -1;
  int requests_ = -1;
  int events_ = -1;
  bool ended_ = false;
  std::string partial_line_;
};

}  // namespace mnist_bench
