#pragma once

#include <cstddef>

#include "kernels/matrix.h"
#include "kernels/thread_team.h"
#include "native/network.h"

namespace mnist_bench::native {

/// A thread's part of a pass over a batch.
struct Turn {
  kernels::ThreadTeam& team;
  Parameters& parameters;
  Parameters& buffers;
  /// Parts of the batch for the gradients of convolutions, which are summed part by part. As no sum
  /// depends on the number of threads, their number is part of the result. A thread takes whole
  /// parts.
  std::size_t part_count = 1;
  std::size_t thread = 0;
  std::size_t batch = 0;                   ///< images
  const StepSettings* settings = nullptr;  ///< null in an evaluation

  [[nodiscard]] kernels::Range parts() const {
    return kernels::partition(part_count, 1, thread, team.size());
  }
  [[nodiscard]] kernels::Range images_of(std::size_t part) const {
    return kernels::partition(batch, 1, part, part_count);
  }
  /// Those of all its parts.
  [[nodiscard]] kernels::Range images() const {
    return {images_of(parts().begin).begin, images_of(parts().end).begin};
  }
  /// Calls `work` on the first thread, once all have come here; the others wait until it is done.
  template <class Work>
  void once(const Work& work) const {
    team.barrier();
    if (thread == 0) work();
    team.barrier();
  }
};

/// visit(i) for the turn's images.
template <class Visit>
void for_each_image(const Turn& turn, const Visit& visit) {
  const kernels::Range images = turn.images();
  for (std::size_t i = images.begin; i < images.end; ++i) visit(i);
}

}  // namespace mnist_bench::native
