#pragma once

#include "transform/kind.h"

namespace mnist_bench {

// One function per kind, in the file of its family.
TransformKind identity_kind();
TransformKind shift_kind();

TransformKind rotate_kind();
TransformKind scale_kind();
TransformKind shear_kind();
TransformKind resize_kind();

TransformKind gaussian_noise_kind();
TransformKind salt_pepper_kind();
TransformKind shot_noise_kind();

TransformKind blur_kind();

TransformKind elastic_kind();

TransformKind occlude_kind();
TransformKind pixelate_kind();

TransformKind contrast_kind();
TransformKind brightness_kind();
TransformKind invert_kind();
TransformKind stripe_kind();
TransformKind quantize_kind();

TransformKind permute_pixels_kind();
TransformKind transpose_kind();

}  // namespace mnist_bench
