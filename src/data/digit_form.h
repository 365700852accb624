#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/image_file.h"
#include "transform/image_shape.h"

namespace mnist_bench {

/// An image in the form of MNIST's digits: light ink on a background of 0.
struct DigitForm {
  ImageShape shape;
  /// [rows, columns], row-major.
  std::vector<std::uint8_t> pixels;
  /// Whether it was dark on light.
  bool inverted = false;
};

/// The grey value of the background: the (lower) median of the border's pixels.
std::uint8_t background_of(const GreyImage& image);

/// Why there is nothing in the image, as a sentence: no pixel differs from its background by 32
/// grey levels, or by more than the noise. Nothing where there is something.
std::optional<std::string> why_blank(const GreyImage& image);

/// `image` as MNIST's authors made theirs (http://yann.lecun.com/exdb/mnist): the ink scaled to fit
/// a box of 20 × 20, its proportions kept, and placed so that its centre of mass is at the middle
/// of 28 × 28. Of another `shape` the box is 20/28 of the smaller side. In steps:
///  1. The background is background_of(image). Where the darkest pixel is
///     further from it than the lightest, the image is dark on light, and is inverted.
///  2. The background, and all beyond it, becomes 0, the pixel furthest from it 255. What
///     differs by less than five times the noise becomes 0, too: 1.4826 times the median of how far
///     the border's pixels are from the background, their SD if they are normal. Clean images have
///     none.
///  3. Cropped to the pixels of 26 or more (a tenth).
///  4. The longer side of the crop becomes the box's, each axis by means over areas where it
///     shrinks and by linear interpolation where it grows.
///  5. Placed so that the centre of mass rounds to pixel (rows/2, columns/2), counted from 0, as in
///     MNIST's files; nothing is pushed over the edge.
/// An image of MNIST comes back nearly the same, at any scale.
///
/// shape: sides of 1 or more. Throws Error(data), naming the image `name`, where its pixels differ
/// from the background by less than 32 grey levels, or than the noise: a blank image.
DigitForm digit_form(const GreyImage& image, ImageShape shape, const std::string& name);

}  // namespace mnist_bench
