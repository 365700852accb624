#pragma once

#include <hwy/cache_control.h>

#include <cstddef>

namespace mnist_bench::kernels {

/// Prefetches memory that will be read soon and is probably in no cache.
template <class T>
inline void prefetch(const T* begin, std::size_t size) {
  constexpr std::size_t kStep = 64 / sizeof(T);
  for (std::size_t i = 0; i < size; i += kStep) hwy::Prefetch(begin + i);
}

}  // namespace mnist_bench::kernels
