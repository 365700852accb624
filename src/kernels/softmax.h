#pragma once

#include <cstdint>

#include "kernels/matrix.h"

namespace mnist_bench::kernels {

/// Softmax and cross-entropy (paper, eq. 3 and 4) of the images in `images`, with `classes` logits
/// each:
///   losses[i] = −ln softmax(logits[i])[labels[i]]
///   predicted[i]: the class of the largest logit, the first of equals
///   logits[i] becomes d(mean loss)/d(logits[i]) = (softmax(logits[i]) − onehot) · inverse_batch,
///   and 0 in the padding of its row.
void softmax_cross_entropy(const std::uint8_t* labels, std::size_t classes, float inverse_batch,
                           Range images, Matrix logits, float* losses, std::uint8_t* predicted);

}  // namespace mnist_bench::kernels
