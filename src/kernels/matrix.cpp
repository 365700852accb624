#include "kernels/matrix.h"

#include <sys/mman.h>

#include <new>

namespace mnist_bench::kernels {
namespace {

constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20U;

/// A smaller buffer would leave more than three quarters of a huge page unused.
bool wants_huge_pages(std::size_t bytes) { return bytes >= kHugePage / 4; }

std::align_val_t alignment(std::size_t bytes) {
  return std::align_val_t{wants_huge_pages(bytes) ? kHugePage : kCacheLine};
}

}  // namespace

void* allocate_lines(std::size_t bytes) {
  if (!wants_huge_pages(bytes)) return ::operator new(bytes, alignment(bytes));
  const std::size_t whole_pages = round_up(bytes, kHugePage);
  void* const memory = ::operator new(whole_pages, alignment(bytes));
  madvise(memory, whole_pages, MADV_HUGEPAGE);  // a refusal does no harm
  return memory;
}

void free_lines(void* memory, std::size_t bytes) { ::operator delete(memory, alignment(bytes)); }

}  // namespace mnist_bench::kernels
