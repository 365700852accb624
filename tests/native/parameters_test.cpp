#include "native/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "native/linear_layer.h"

namespace mnist_bench::native {
namespace {

Parameters small() {
  Parameters parameters;
  parameters.add_weight("fc1.weight", 2, 3, in_order(3), {{0, 16}});
  parameters.add_bias("fc1.bias", 2);
  parameters.allocate();
  return parameters;
}

std::vector<NamedTensor> tensors(float first) {
  return {{.name = "fc1.weight",
           .shape = {2, 3},
           .values = {first, first + 1, first + 2, first + 3, first + 4, first + 5}},
          {.name = "fc1.bias", .shape = {2}, .values = {first + 6, first + 7}}};
}

TEST(Parameters, GiveBackTheTensorsThatCameIn) {
  Parameters parameters = small();
  const TrainingState state{.epoch = 3,
                            .step = 12,
                            .parameters = tensors(1),
                            .buffers = {},
                            .optimizer = {{"exp_avg", tensors(10)}, {"exp_avg_sq", tensors(20)}}};
  parameters.import_state(state, optimizer_tensors(AdamConfig{}));
  const TrainingState back = parameters.export_state(3, 12, optimizer_tensors(AdamConfig{}));
  EXPECT_EQ(back.epoch, 3);
  EXPECT_EQ(back.step, 12);
  EXPECT_EQ(back.parameters, state.parameters);
  EXPECT_EQ(back.optimizer, state.optimizer);
}

TEST(Parameters, StoreAWeightByItsInputs) {
  Parameters parameters;
  const std::size_t begin = parameters.add_weight("fc1.weight", 2, 3, in_order(3), {{0, 16}});
  parameters.allocate();
  parameters.import_values({tensors(1)[0]});
  const kernels::Weights weights = parameters.weights(begin, 16);
  // PyTorch's [out][in] {{1, 2, 3}, {4, 5, 6}}: output 1 of input 2 is 6.
  EXPECT_EQ(weights.values().row(2)[1], 6.0F);
  EXPECT_EQ(weights.values().row(0)[1], 4.0F);
}

TEST(Parameters, StoreAWeightInPanelsOfItsOutputs) {
  constexpr std::size_t kOut = 40;
  Parameters parameters;
  const std::size_t begin =
      parameters.add_weight("fc1.weight", kOut, 2, in_order(2), {{0, 16}, {16, 48}});
  parameters.allocate();
  NamedTensor tensor{.name = "fc1.weight", .shape = {kOut, 2}, .values = {}};
  for (std::size_t i = 0; i < 2 * kOut; ++i) tensor.values.push_back(static_cast<float>(i));
  parameters.import_values({tensor});
  // Output o of input i is 2 o + i.
  EXPECT_EQ(parameters.weights(begin, 16).values().row(1)[15], 31.0F);
  EXPECT_EQ(parameters.weights(begin + 2 * 16, 32).values().row(0)[0], 32.0F);
  EXPECT_EQ(parameters.weights(begin + 2 * 16, 32).values().row(1)[39 - 16], 79.0F);
  EXPECT_EQ(parameters.export_values(), std::vector<NamedTensor>{tensor});
}

TEST(Parameters, StoreTheLastWeightAsPyTorchDoes) {
  Parameters parameters;
  const std::size_t begin = parameters.add_output_weight("fc1.weight", 2, 3);
  parameters.allocate();
  parameters.import_values({tensors(1)[0]});
  EXPECT_EQ(parameters.weights(begin, 16).values().row(1)[2], 6.0F);
  EXPECT_EQ(parameters.export_values(), std::vector<NamedTensor>{tensors(1)[0]});
}

TEST(Parameters, RefuseTensorsOfAnotherNetworkAndNameThem) {
  Parameters parameters = small();
  EXPECT_THROW(parameters.import_values({tensors(1)[0]}), Error);
  auto other_name = tensors(1);
  other_name[1].name = "fc2.bias";
  EXPECT_THROW(parameters.import_values(other_name), Error);
  auto other_shape = tensors(1);
  other_shape[0].shape = {3, 2};
  try {
    parameters.import_values(other_shape);
    FAIL() << "[3, 2] was accepted for [2, 3]";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
    EXPECT_THAT(error.what(), testing::HasSubstr("fc1.weight [3, 2]"));
  }
}

}  // namespace
}  // namespace mnist_bench::native
