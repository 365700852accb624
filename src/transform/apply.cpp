#include "transform/apply.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "kernels/thread_team.h"

namespace mnist_bench {
namespace {

/// The second map after the first, through a buffer for the image between them.
PreparedTransform joined(PreparedTransform first, PreparedTransform second) {
  const std::size_t pixels = first.output.pixels();
  auto apply = [first = std::move(first.apply), second = std::move(second.apply), pixels](
                   std::int64_t index, std::span<const std::uint8_t> in,
                   std::span<std::uint8_t> out) {
    std::vector<std::uint8_t> between(pixels);
    first(index, in, between);
    second(index, between, out);
  };
  return {.output = second.output, .apply = std::move(apply)};
}

/// As much as is read of an IDX file.
constexpr std::size_t kMostPixels = std::size_t{1} << 30U;

void require_size(std::size_t images, ImageShape shape) {
  if (images <= kMostPixels / shape.pixels()) return;
  throw Error(ExitCode::usage,
              fmt::format("{} images of {} × {} pixels would take more than 1 GiB", images,
                          shape.rows, shape.columns),
              "transform to fewer rows and columns");
}

}  // namespace

PreparedTransform prepare_chain(const TransformChain& chain, ImageShape input) {
  PreparedTransform whole = find_transform_kind("identity")->prepare({}, input);
  bool is_first = true;
  for (const Transform& transform : chain) {
    PreparedTransform next =
        find_transform_kind(transform.type)->prepare(transform.settings, whole.output);
    whole = std::exchange(is_first, false) ? std::move(next) : joined(whole, std::move(next));
  }
  return whole;
}

TransformedImages transformed(const TransformChain& chain, ImageShape shape,
                              std::span<const std::uint8_t> pixels,
                              std::span<const std::int64_t> indices, std::int64_t threads) {
  const PreparedTransform prepared = prepare_chain(chain, shape);
  const std::size_t in_pixels = shape.pixels();
  const std::size_t out_pixels = prepared.output.pixels();
  require_size(indices.size(), prepared.output);
  TransformedImages images{.shape = prepared.output, .pixels = {}};
  images.pixels.resize(indices.size() * out_pixels);
  const auto transform_range = [&](std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
      prepared.apply(indices[i], pixels.subspan(i * in_pixels, in_pixels),
                     std::span(images.pixels).subspan(i * out_pixels, out_pixels));
    }
  };
  kernels::ThreadTeam team(static_cast<std::size_t>(threads));
  team.run_throwing([&](std::size_t thread) {
    transform_range(indices.size() * thread / team.size(),
                    indices.size() * (thread + 1) / team.size());
  });
  return images;
}

}  // namespace mnist_bench
