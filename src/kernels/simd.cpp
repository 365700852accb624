#include "kernels/simd.h"

#include <fmt/ranges.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"

namespace mnist_bench::kernels {
namespace {

std::string name_of(std::int64_t target) {
  const std::string name = hwy::TargetName(target);
  if (name.starts_with("AVX3")) return "AVX-512";
  if (name == "EMU128" || name == "SCALAR") return "none";
  return name;
}

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::vector<std::string> simd_targets() {
  std::vector<std::string> names;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    names.push_back(name_of(target));
  }
  return names;
}

std::string simd_target() { return simd_targets().front(); }

void restrict_simd(const std::string& name) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
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
