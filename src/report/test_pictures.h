#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/dataset.h"
#include "report/groups.h"

namespace mnist_bench {

/// The data set that the group's runs name. Throws Error for data that cannot be read, and where
/// the test images are not those of the record.
Dataset data_of(const RunGroup& group);

/// An 8-bit greyscale PNG, inverted: 255 is drawn black. pixels: [rows, columns]
std::string png_of(std::span<const std::uint8_t> pixels, std::int64_t rows, std::int64_t columns);

}  // namespace mnist_bench
