#pragma once

#include <string>

#include "config/experiment.h"
#include "data/dataset.h"
#include "libtorch/inference.h"
#include "native/images.h"

namespace mnist_bench {

/// Training, test and validation set in the native engine's form; `dataset` must outlive them.
struct NativeSets {
  explicit NativeSets(const Dataset& dataset)
      : train(dataset.train), test(dataset.test), validation(dataset.validation) {}
  native::Images train;
  native::Images test;
  native::Images validation;
};

/// Training, test and validation set in LibTorch's form.
struct TensorSets {
  TensorSets(const Dataset& dataset, Normalization with, std::string on)
      : normalization(with),
        device(std::move(on)),
        train(to_tensors(dataset.train, normalization, c10::Device(device),
                         dataset.train_pixels.statistics)),
        test(to_tensors(dataset.test, normalization, c10::Device(device),
                        dataset.train_pixels.statistics)),
        validation(to_tensors(dataset.validation, normalization, c10::Device(device),
                              dataset.train_pixels.statistics)) {}
  Normalization normalization;
  std::string device;
  ImageTensors train;
  ImageTensors test;
  ImageTensors validation;
};

}  // namespace mnist_bench
