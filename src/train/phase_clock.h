#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace mnist_bench {

/// A part of a training step, and the seconds spent in it over all timed steps.
struct Phase {
  std::string name;
  double seconds = 0.0;
};

/// Where the time of training steps goes. One thread reports where a step begins and where each of
/// its phases ends.
class PhaseClock {
 public:
  void begin_step() { last_ = std::chrono::steady_clock::now(); }
  void end_phase(std::string_view name);
  /// In the order in which they first ended.
  [[nodiscard]] const std::vector<Phase>& phases() const { return phases_; }

 private:
  std::chrono::steady_clock::time_point last_;
  std::vector<Phase> phases_;
};

}  // namespace mnist_bench
