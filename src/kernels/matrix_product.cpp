#include "kernels/matrix_product.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matrix_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/multiply-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

void product(const StridedMatrix& a, ConstMatrix b, std::size_t depth, Range rows, Range columns,
             ConstMatrix start, Matrix c) {
  multiply_in_blocks(a, b, depth, rows, columns, start, c);
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(product);

void multiply(const StridedMatrix& a, ConstMatrix b, std::size_t depth, Range rows, Range columns,
              ConstMatrix start, Matrix c) {
  HWY_DYNAMIC_DISPATCH(product)(a, b, depth, rows, columns, start, c);
}

}  // namespace mnist_bench::kernels
#endif
