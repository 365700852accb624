#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/sha256.h"

struct z_stream_s;

namespace mnist_bench {

/// A regular file read once from front to back: its bytes as they are or, when it starts with
/// gzip's 1f 8b, what they decompress to. Memory use does not depend on the size of the file. Every
/// failure is an Error(data) naming the file: missing, empty, a folder, a special file (opening
/// never blocks), a gzip stream that is truncated, damaged or followed by other bytes, and a gzip
/// bomb: 16 MiB that decompress from less than a 200th of their size (MNIST: a 5th).
class RawFile {
 public:
  explicit RawFile(std::filesystem::path path);

  /// Fills `into` with the next `size` bytes; fewer only at the end of the file. Returns their
  /// number.
  std::size_t read(std::uint8_t* into, std::size_t size);

  /// Bytes of an uncompressed file; nothing for a compressed one, whose size shows only at its end.
  [[nodiscard]] std::optional<std::uint64_t> known_size() const;

  /// Hash of all bytes read so far.
  [[nodiscard]] const Sha256& hash() const { return hash_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  struct EndInflate {
    void operator()(z_stream_s* stream) const;
  };

  std::size_t read_stored(std::uint8_t* into, std::size_t size);
  std::size_t read_inflated(std::uint8_t* into, std::size_t size);
  void check_expansion(std::size_t consumed, std::size_t produced);
  /// A failure of the system.
  [[noreturn]] void fail_system(int error) const;
  /// Bytes that are not what they should be.
  [[noreturn]] void fail(const std::string& cause) const;

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::uint64_t stored_size_ = 0;
  Sha256 hash_;
  /// Null for an uncompressed file.
  std::unique_ptr<z_stream_s, EndInflate> stream_;
  std::vector<std::uint8_t> compressed_;
  /// False between the members of a gzip file, the only point where it may end.
  bool inside_member_ = true;
  std::size_t window_consumed_ = 0;
  std::size_t window_produced_ = 0;
};

}  // namespace mnist_bench
