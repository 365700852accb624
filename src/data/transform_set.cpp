#include "data/transform_set.h"

#include <utility>

#include "data/subset.h"
#include "transform/apply.h"

namespace mnist_bench {

ImageSet transform_set(const ImageSet& set, const TransformChain& chain,
                       const std::vector<std::int64_t>& indices, std::int64_t threads) {
  if (chain.empty()) return set;
  TransformedImages images = transformed(chain, set.shape(), set.pixels, indices, threads);
  return {.rows = images.shape.rows,
          .columns = images.shape.columns,
          .pixels = std::move(images.pixels),
          .labels = set.labels,
          .sha256 = set.sha256};
}

void transform_dataset(Dataset& dataset, const TransformChain& chain) {
  if (chain.empty()) return;
  dataset.train = transform_set(dataset.train, chain, all_indices(dataset.train));
  dataset.test = transform_set(dataset.test, chain, all_indices(dataset.test));
  dataset.train_pixels = summarize_pixels(dataset.train);
  dataset.test_pixels = summarize_pixels(dataset.test);
}

}  // namespace mnist_bench
