#include "runtime/build_info.h"

#include <ATen/Version.h>
#include <fmt/format.h>
#include <torch/version.h>

#include "git_revision.h"  // made by git_revision.cmake at every build

namespace mnist_bench {

BuildInfo build_info() {
  BuildInfo info{.version = MNIST_BENCH_VERSION,
                 .git_revision = {},
                 .git_dirty = {},
                 .build_type = MNIST_BENCH_BUILD_TYPE,
                 .compiler = MNIST_BENCH_COMPILER,
                 .libtorch = fmt::format("{}.{}.{}", TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR,
                                         TORCH_VERSION_PATCH)};
  const std::string revision = MNIST_BENCH_GIT_REVISION;
  if (!revision.empty()) {
    info.git_revision = revision;
    info.git_dirty = MNIST_BENCH_GIT_DIRTY;
  }
  return info;
}

std::string simd_capability() { return at::get_cpu_capability(); }

}  // namespace mnist_bench
