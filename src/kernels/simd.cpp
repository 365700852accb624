#include "kernels/simd.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

std::int64_t compiled_for() { return HWY_TARGET; }

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {
namespace {

std::string name_of(std::int64_t target) {
  const std::string name = hwy::TargetName(target);
  if (name.starts_with("AVX3")) return "AVX-512";
  if (name == "EMU128" || name == "SCALAR") return "none";
  return name;
}

HWY_EXPORT(compiled_for);

/// The targets that may be used. Highway's detection (1.0.3) selects the machine's best target for
/// the kernels again, even a disabled one; DeInit makes them select among the enabled ones.
std::vector<std::int64_t> usable_targets() {
  std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  hwy::GetChosenTarget().DeInit();
  return targets;
}

}  // namespace

std::vector<std::string> simd_targets() {
  std::vector<std::string> names;
  for (const std::int64_t target : usable_targets()) {
    names.push_back(name_of(target));
  }
  return names;
}

std::string simd_target() { return name_of(HWY_DYNAMIC_DISPATCH(compiled_for)()); }

void restrict_simd(const std::string& name) {
  for (const std::int64_t target : usable_targets()) {
    if (lower_case(name_of(target)) == lower_case(name)) {
      hwy::DisableTargets(target - 1);  // the lower the bit, the better the target
      return;
    }
  }
  throw Error(ExitCode::usage,
              fmt::format("'{}' is not among this machine's SIMD instructions", name),
              fmt::format("choose from {}", fmt::join(simd_targets(), ", ")));
}

}  // namespace mnist_bench::kernels
#endif
