#pragma once

#include <string>
#include <string_view>

#include "data/dataset.h"

namespace mnist_bench {

/// The bytes of an IDX file of the images of `set` [n, rows, columns], and of one of its labels
/// [n].
std::string idx_images(const ImageSet& set);
std::string idx_labels(const ImageSet& set);

/// `bytes` as a gzip file (RFC 1952) without a name or a time, so that equal bytes give equal
/// files, with the same version of zlib.
std::string gzip_bytes(std::string_view bytes);

}  // namespace mnist_bench
