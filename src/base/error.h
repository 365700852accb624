#pragma once

#include <stdexcept>
#include <string>

namespace mnist_bench {

/// What the process tells its caller; src/record/README.md explains each.
enum class ExitCode : int {
  ok = 0,
  run_failed = 1,
  usage = 2,
  data = 3,
  sweep_failed = 4,
  device_unavailable = 5,
  io = 6,
  interrupted = 75,
  interrupted_twice = 130,
};

/// What a caller may act on beyond the exit code; set where the error is thrown.
enum class Cause {
  other,
  folder_in_use,  ///< another process holds the folder
};

/// The one exception of this program: what went wrong and where, what to do about it, and the
/// exit code it maps to. Thrown anywhere, caught once, in main.cpp.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message, std::string remedy = {},
        Cause cause = Cause::other)
      : std::runtime_error(message), code_(code), remedy_(std::move(remedy)), cause_(cause) {}

  [[nodiscard]] ExitCode code() const { return code_; }
  /// The next step for the user; empty when the message says it all.
  [[nodiscard]] const std::string& remedy() const { return remedy_; }
  [[nodiscard]] Cause cause() const { return cause_; }

 private:
  ExitCode code_;
  std::string remedy_;
  Cause cause_;
};

}  // namespace mnist_bench
