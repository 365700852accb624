#include "model/batches.h"

#include <fmt/format.h>

#include "base/error.h"

namespace mnist_bench {

void require_values_to_normalize(const std::vector<PlacedLayer>& layers, std::int64_t images,
                                 std::int64_t batch_size) {
  if (batch_size != 1 && images % batch_size != 1) return;
  for (const PlacedLayer& layer : layers) {
    require_values_to_normalize(layer.inner, images, batch_size);
    const bool normalizes = std::holds_alternative<layer::BatchNorm2d>(layer.kind);
    if (!normalizes || layer.input[1] != 1 || layer.input[2] != 1) continue;
    throw Error(
        ExitCode::usage,
        fmt::format("layer {}: batch_norm2d of a map of 1 × 1 needs two or more images in a "
                    "batch; the last of {} training images, in batches of {}, is alone",
                    layer.name, images, batch_size),
        "change training.batch_size or data.train_limit");
  }
}

}  // namespace mnist_bench
