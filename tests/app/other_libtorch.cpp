// Preloaded, it answers in LibTorch's place which LibTorch is loaded: with the value of
// OTHER_LIBTORCH_VERSION, or with no version where that is not set.

#include <cstdlib>
#include <map>
#include <string>

namespace caffe2 {

const std::map<std::string, std::string>& GetBuildOptions();

const std::map<std::string, std::string>& GetBuildOptions() {
  static const std::map<std::string, std::string> options = [] {
    std::map<std::string, std::string> made;
    const char* version = std::getenv("OTHER_LIBTORCH_VERSION");
    if (version != nullptr) made["TORCH_VERSION"] = version;
    return made;
  }();
  return options;
}

}  // namespace caffe2
