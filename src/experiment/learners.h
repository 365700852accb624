#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "experiment/data_cache.h"
#include "model/layers.h"
#include "record/result.h"
#include "record/safetensors.h"
#include "train/learner.h"

namespace mnist_bench {

/// The parameters, then the buffers, that training starts from with the config's seed: the same
/// ones for every engine.
std::vector<NamedTensor> initial_tensors(const std::vector<PlacedLayer>& layers,
                                         const ExperimentConfig& config);

/// Of the network with these parameters, for the first training images: at most 100, as many as
/// prediction takes at a time. Nothing is dropped, and batch norm changes nothing. Computed by
/// LibTorch on the CPU, whatever trains.
std::vector<Preactivations> initial_preactivations(const ExperimentConfig& config,
                                                   const DataCache& data);

/// The learner that `config` names, with the initial parameters of its seed, on `device` ("cpu",
/// "cuda:0") with `threads` CPU threads. `config` must outlive it, and `data` must not change.
/// Throws Error(usage), saying what to do instead, for what its engine cannot do.
std::unique_ptr<Learner> make_learner(const ExperimentConfig& config, DataCache& data,
                                      const std::string& device, std::int64_t threads);

}  // namespace mnist_bench
