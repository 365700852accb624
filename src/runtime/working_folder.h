#pragma once

namespace mnist_bench {

/// Returns to the working folder if that has been deleted. MKL, which comes with LibTorch, ends the
/// program while loading if there is no working folder ("Cannot load libtorch_cpu.so"), so it is
/// loaded in the root folder then. Call it before any path is used.
void return_to_working_folder();

}  // namespace mnist_bench
