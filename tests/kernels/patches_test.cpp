#include "kernels/patches.h"

#include "kernels/channels_last_maps.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

/// visit(position of the output, value of the patch, its offset in the map) for the patches of
/// these rows.
template <class Visit>
void for_each_value(const WindowCase& of, Range rows, const Visit& visit) {
  const ChannelsLast out = of.out();
  for (std::size_t p = 0; p < rows.size() * out.columns; ++p) {
    std::size_t value = 0;
    for (std::size_t r = 0; r < of.window.size; ++r) {
      for (std::size_t c = 0; c < of.window.size; ++c) {
        auto offset = of.offset(rows.begin + p / out.columns, p % out.columns, r, c);
        for (std::size_t channel = 0; channel < of.in.channels; ++channel) {
          visit(p, value++, offset);
          if (offset) ++*offset;
        }
      }
    }
  }
}

TEST(Patches, AreWhatTheWindowSees) {
  on_every_target([] {
    std::mt19937 generator(1);
    for (const WindowCase& of : window_cases()) {
      const ChannelsLast out = of.out();
      const AlignedVector<float> x = random_map(of.in, generator);
      for (const Range rows : {Range{0, out.rows}, Range{1, 2}}) {
        // Their memory is used again and again.
        AlignedVector<float> memory(patches_size(of.in, of.window, out, rows.size()), 7.0F);
        const StridedMatrix patches =
            gather_patches(of.in, x.data(), of.window, out, rows, memory.data());
        for_each_value(of, rows, [&](std::size_t p, std::size_t value, const auto& offset) {
          ASSERT_EQ(patches.at(p, value), offset ? x[*offset] : 0.0F) << p << ", " << value;
        });
      }
    }
  });
}

TEST(Patches, GiveTheirGradientToWhatTheWindowSees) {
  on_every_target([] {
    std::mt19937 generator(2);
    std::normal_distribution<float> normal;
    for (const WindowCase& of : window_cases()) {
      const ChannelsLast out = of.out();
      const Range rows{1, out.rows};
      AlignedVector<float> gradient(patches_size(of.in, of.window, out, rows.size()));
      for (float& value : gradient) value = normal(generator);
      AlignedVector<float> dx = random_map(of.in, generator);
      AlignedVector<float> expected = dx;
      const std::size_t stride = patch_stride(of.in, of.window);
      for_each_value(of, rows, [&](std::size_t p, std::size_t value, const auto& offset) {
        if (offset) expected[*offset] += gradient[p * stride + value];
      });
      scatter_patches(of.in, of.window, out, rows, gradient.data(), dx.data());
      ASSERT_EQ(dx, expected);
    }
  });
}

}  // namespace
}  // namespace mnist_bench::kernels
