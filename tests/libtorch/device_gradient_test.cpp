// The gradients of both whole models as the device computes them in float32, against the CPU's in
// float64. The device is named by MNIST_BENCH_TEST_DEVICE; where it is not, the first CUDA device
// of a machine that has an NVIDIA GPU, else the CPU. scripts/check_gpu reads what is recorded here.

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <vector>

#include "data/dataset.h"
#include "libtorch/inference.h"
#include "libtorch/torch_networks.h"
#include "runtime/cuda.h"
#include "runtime/device.h"

namespace mnist_bench {
namespace {

/// ‖difference‖ ≤ kBound · ‖gradient‖ in every tensor: float32 stays a hundred times below,
/// products rounded to TF32's ten bits are above (the last test).
constexpr double kBound = 1e-4;
/// Seeds of the initial weights. The median counts: in one of 24 starts of the CNN (two of
/// LibTorch's convolutions on the CPU, seeds 1 to 12) rounding decides which of two nearly equal
/// values a max pooling lets through, so that the gradient takes another way and differs by more
/// than kBound.
constexpr std::array<std::uint64_t, 5> kSeeds = {1, 2, 3, 4, 5};
constexpr std::int64_t kImages = 64;

std::string value_of(const char* variable, const std::string& otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr ? value : otherwise;
}

/// Asked of the system: the program's own word is what is tested.
bool has_nvidia_gpu() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev", ignored)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("nvidia") && name.size() > 6 && name[6] >= '0' && name[6] <= '9') {
      return true;
    }
  }
  return false;
}

ImageTensors first_images() {
  const Dataset dataset = load_dataset(value_of("MNIST_BENCH_TEST_DATA", shipped_mnist().string()));
  ImageTensors all = to_tensors(dataset.train, Normalization::standardize, torch::kCPU);
  return {.images = all.images.narrow(0, 0, kImages).clone(),
          .labels = all.labels.narrow(0, 0, kImages).clone()};
}

/// By name: the gradient of the mean cross-entropy, float64 on the CPU. Without dropout, whose
/// masks each device draws in its own way.
using Gradients = std::vector<std::pair<std::string, torch::Tensor>>;
using Change = std::function<void(torch::Tensor&)>;

Gradients gradients_of(const ModelConfig& model, const ImageTensors& set, c10::Device device,
                       c10::ScalarType type, std::uint64_t seed, const Change& change = {}) {
  torch::nn::Sequential network = make_network(model, {.rows = 28, .columns = 28}, 10);
  initialize(network, seed);
  network->eval();
  torch::Tensor images = set.images;
  if (change) {
    const torch::NoGradGuard no_gradients;
    for (torch::Tensor& parameter : network->parameters()) change(parameter);
    images = images.clone();
    change(images);
  }
  network->to(device, type);
  const torch::Tensor logits = network->forward(images.to(device, type));
  torch::nn::functional::cross_entropy(logits, set.labels.to(device)).backward();
  Gradients gradients;
  for (const auto& parameter : network->named_parameters()) {
    gradients.emplace_back(parameter.key(),
                           parameter.value().grad().to(torch::kCPU, torch::kFloat64));
  }
  return gradients;
}

struct Difference {
  double relative = 0.0;
  std::string tensor;
};

Difference largest_difference(const Gradients& found, const Gradients& expected) {
  Difference largest;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const torch::Tensor& wanted = expected[i].second;
    const double relative =
        (found[i].second - wanted).norm().item<double>() / wanted.norm().item<double>();
    // Not `>`: a NaN must not pass as the smallest.
    if (!(relative <= largest.relative))
      largest = {.relative = relative, .tensor = expected[i].first};
  }
  return largest;
}

/// Sorted by size, one for each of kSeeds.
template <typename Compute>
std::vector<Difference> differences(const ModelConfig& model, const ImageTensors& set,
                                    const Compute& compute) {
  at::set_num_threads(
      1);  // several wait for each other by spinning, and are very slow under other load
  std::vector<Difference> found;
  for (const std::uint64_t seed : kSeeds) {
    found.push_back(largest_difference(
        compute(seed), gradients_of(model, set, torch::kCPU, torch::kFloat64, seed)));
  }
  std::sort(found.begin(), found.end(),
            [](const Difference& a, const Difference& b) { return a.relative < b.relative; });
  return found;
}

const Difference& median(const std::vector<Difference>& sorted) {
  return sorted.at(sorted.size() / 2);
}

void expect_gradients_of_the_cpu(const ModelConfig& model) {
  const c10::Device device =
      choose_device(value_of("MNIST_BENCH_TEST_DEVICE", has_nvidia_gpu() ? "cuda" : "cpu"));
  // As the program does before a run on a GPU.
  forbid_tf32();
  const ImageTensors set = first_images();
  const std::vector<Difference> found = differences(model, set, [&](std::uint64_t seed) {
    return gradients_of(model, set, device, torch::kFloat32, seed);
  });
  EXPECT_LE(median(found).relative, kBound) << median(found).tensor << " on " << device;
  const auto record = [](const char* name, double value) {
    testing::Test::RecordProperty(name, fmt::format("{:.9g}", value));
  };
  testing::Test::RecordProperty("device", device.str());
  testing::Test::RecordProperty("tensor", median(found).tensor);
  testing::Test::RecordProperty("starts", std::to_string(found.size()));
  record("bound", kBound);
  record("least", found.front().relative);
  record("median", median(found).relative);
  record("greatest", found.back().relative);
}

TEST(DeviceGradient, OfTheMlpIsTheCpus) { expect_gradients_of_the_cpu(MlpConfig{}); }

TEST(DeviceGradient, OfTheCnnIsTheCpus) { expect_gradients_of_the_cpu(CnnConfig{}); }

/// Float32 rounded to the ten bits behind the point that TF32 keeps, halves away from 0.
void round_to_tf32(torch::Tensor& values) {
  auto* bits = static_cast<std::uint32_t*>(values.mutable_data_ptr());
  for (std::int64_t i = 0; i < values.numel(); ++i) bits[i] = (bits[i] + 0x1000U) & ~0x1FFFU;
}

TEST(DeviceGradient, TheBoundWouldSeeTf32) {
  const ImageTensors set = first_images();
  for (const ModelConfig& model : {ModelConfig{MlpConfig{}}, ModelConfig{CnnConfig{}}}) {
    const std::vector<Difference> rounded = differences(model, set, [&](std::uint64_t seed) {
      return gradients_of(model, set, torch::kCPU, torch::kFloat64, seed, round_to_tf32);
    });
    EXPECT_GT(rounded.front().relative, kBound);
  }
}

}  // namespace
}  // namespace mnist_bench
