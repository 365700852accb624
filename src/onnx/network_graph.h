#pragma once

#include <vector>

#include "data/pixels.h"
#include "model/layers.h"
#include "record/safetensors.h"

namespace onnx {
class GraphProto;
}

namespace mnist_bench {

struct TrainedNetwork {
  std::vector<PlacedLayer> layers;   ///< the first one takes [1, rows, columns]
  std::vector<NamedTensor> tensors;  ///< the layers' parameters and buffers
  PixelScaling scaling;
};

/// The network as an ONNX graph for inference. Its input "images" is [N, 1, rows, columns], the
/// pixels 0 … 255 as float32: it scales them itself. Its output "logits" is [N, classes]. Nodes
/// are called as the layers, and weights as in model.safetensors.
onnx::GraphProto onnx_graph(const TrainedNetwork& network);

}  // namespace mnist_bench
