#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

namespace mnist_bench::kernels {

/// Runs `body` once with each of this machine's SIMD instruction sets that the kernels know.
template <class Body>
void on_every_target(const Body& body) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace mnist_bench::kernels
