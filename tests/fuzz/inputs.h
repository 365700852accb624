// What the targets share.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/sha256.h"

namespace mnist_bench::fuzz {

/// Ends the process, which a fuzzer takes for a crash, where `holds` is false.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

/// What `parse()` returns, or nothing where it refuses its input: by an Error with `code`, and by
/// nothing else.
template <typename Parse>
auto accepted(ExitCode code, const Parse& parse) -> std::optional<decltype(parse())> {
  try {
    return parse();
  } catch (const Error& error) {
    require(error.code() == code, "a refusal has its parser's exit code");
    require(!std::string_view(error.what()).empty(), "a refusal says why");
    return std::nullopt;
  }
}

/// A folder in memory, of this process alone, for parsers that read files; gone when it ends.
inline const std::filesystem::path& scratch() {
  struct Folder {
    std::filesystem::path path;
    Folder() {
      std::string name = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
      name += "/mnist-bench-fuzz-XXXXXX";
      require(::mkdtemp(name.data()) != nullptr, "a scratch folder can be created");
      path = name;
    }
    ~Folder() {
      std::error_code error;
      std::filesystem::remove_all(path, error);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
  };
  static const Folder folder;
  return folder.path;
}

/// The file `name` of the scratch folder, with `bytes` in it.
inline std::filesystem::path file(const std::string& name, std::string_view bytes) {
  std::filesystem::path path = scratch() / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

/// `bytes` with the right SHA-256 in their last member "sha256", if they have one: as they are, no
/// mutation would ever get past the checksum.
inline std::string with_right_sha256(std::string_view bytes) {
  constexpr std::string_view kMember = "\"sha256\"";
  constexpr std::size_t kDigits = 64;
  std::string signed_bytes(bytes);
  const std::size_t member = signed_bytes.rfind(kMember);
  if (member == std::string::npos) return signed_bytes;
  const std::size_t quote = signed_bytes.find('"', member + kMember.size());
  if (quote == std::string::npos || signed_bytes.size() - quote - 1 < kDigits) return signed_bytes;
  signed_bytes.replace(quote + 1, kDigits, std::string(kDigits, '0'));
  const std::string hash = sha256_hex(signed_bytes);
  return signed_bytes.replace(quote + 1, kDigits, hash);
}

}  // namespace mnist_bench::fuzz
