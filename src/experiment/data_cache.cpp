#include "experiment/data_cache.h"

#include <utility>

#include "data/subset.h"
#include "data/transform_set.h"
#include "experiment/engine_sets.h"

namespace mnist_bench {

DataCache::DataCache() = default;
DataCache::~DataCache() = default;

bool DataCache::load(const DataConfig& config) {
  const std::filesystem::path folder = data_folder(config);
  // Taken before the files are read, so that the next run notices a change during reading.
  Origin origin{.files = file_stamps(folder),
                .transform = config.transform,
                .train_limit = config.train_limit,
                .test_limit = config.test_limit,
                .validation = config.validation};
  if (origin_ == origin) return false;

  origin_.reset();
  native_sets_.reset();
  tensor_sets_.reset();
  dataset_ = {};
  dataset_ = load_dataset(folder);
  transform_dataset(dataset_, config.transform);
  TrainingSplit split = training_split(dataset_.train.labels, config);
  dataset_.validation = select(dataset_.train, split.validation);
  // A limit changes the order, too, even one that takes all images.
  if (config.train_limit || config.validation) {
    dataset_.train = select(dataset_.train, split.train);
  }
  train_indices_ = std::move(split.train);
  test_indices_ = limit_images(dataset_.test, config.test_limit, "data.test_limit");
  origin_ = std::move(origin);
  return true;
}

const NativeSets& DataCache::native_sets() {
  tensor_sets_.reset();
  if (!native_sets_) native_sets_ = std::make_unique<NativeSets>(dataset_);
  return *native_sets_;
}

const TensorSets& DataCache::tensor_sets(Normalization normalization, const std::string& device) {
  native_sets_.reset();
  if (!tensor_sets_ || tensor_sets_->normalization != normalization ||
      tensor_sets_->device != device) {
    tensor_sets_.reset();
    tensor_sets_ = std::make_unique<TensorSets>(dataset_, normalization, device);
  }
  return *tensor_sets_;
}

}  // namespace mnist_bench
