#pragma once

namespace mnist_bench {

/// Goes back to the working folder, if that has been deleted: MKL, which LibTorch brings along,
/// ends the program as it is loaded where there is none ("Cannot load libtorch_cpu.so"), so that it
/// is loaded in the root folder then. To be called before any path is used.
void return_to_working_folder();

}  // namespace mnist_bench
