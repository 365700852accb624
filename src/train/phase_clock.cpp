#include "train/phase_clock.h"

#include <algorithm>

namespace mnist_bench {

void PhaseClock::end_phase(std::string_view name) {
  const auto now = std::chrono::steady_clock::now();
  auto phase = std::find_if(phases_.begin(), phases_.end(),
                            [&](const Phase& known) { return known.name == name; });
  if (phase == phases_.end()) {
    phases_.push_back({.name = std::string(name), .seconds = 0.0});
    phase = phases_.end() - 1;
  }
  phase->seconds += std::chrono::duration<double>(now - last_).count();
  last_ = now;
}

}  // namespace mnist_bench
