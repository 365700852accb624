#include <algorithm>

#include "transform/families.h"

namespace mnist_bench {

const std::vector<TransformKind>& transform_kinds() {
  static const std::vector<TransformKind> kinds = {
      shift_kind(),          rotate_kind(),      scale_kind(),      shear_kind(),
      gaussian_noise_kind(), salt_pepper_kind(), shot_noise_kind(), blur_kind(),
      occlude_kind(),        contrast_kind(),    brightness_kind(), invert_kind(),
      stripe_kind(),         pixelate_kind(),    quantize_kind(),   elastic_kind(),
      permute_pixels_kind(), transpose_kind(),   resize_kind(),     identity_kind(),
  };
  return kinds;
}

const TransformKind* find_transform_kind(std::string_view type) {
  const auto found = std::find_if(transform_kinds().begin(), transform_kinds().end(),
                                  [&](const TransformKind& kind) { return kind.type == type; });
  return found == transform_kinds().end() ? nullptr : &*found;
}

TransformKind transform_kind(std::string_view type, std::string meaning,
                             PreparedTransform (*prepare)(ImageShape), std::size_t severities) {
  return {{.type = type, .meaning = std::move(meaning), .keys = {}},
          std::vector<std::vector<Setting>>(severities),
          /*unchanged_at=*/{},
          [prepare](const std::vector<Setting>& /*settings*/, ImageShape input) {
            return prepare(input);
          }};
}

std::vector<std::vector<Setting>> severities(const std::vector<Setting>& values,
                                             const std::vector<Setting>& others) {
  std::vector<std::vector<Setting>> all;
  for (const Setting& value : values) {
    all.push_back({value});
    all.back().insert(all.back().end(), others.begin(), others.end());
  }
  return all;
}

}  // namespace mnist_bench
