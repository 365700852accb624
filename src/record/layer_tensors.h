#pragma once

#include <vector>

#include "record/result.h"
#include "record/safetensors.h"

namespace mnist_bench {

/// Throws Error(io) unless these are the parameters of the record's layers, by name and shape.
void require_tensors_of(const ModelSummary& model, const std::vector<NamedTensor>& tensors);

}  // namespace mnist_bench
