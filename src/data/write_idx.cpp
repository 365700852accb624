#include "data/write_idx.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include "base/error.h"

namespace mnist_bench {
namespace {

/// Unsigned bytes of so many dimensions: 0, 0, 8, their number, and each as 4 bytes, big-endian.
std::string header_of(std::initializer_list<std::int64_t> dimensions) {
  std::string header = {0, 0, 8, static_cast<char>(dimensions.size())};
  for (const std::int64_t size : dimensions) {
    for (const int shift : {24, 16, 8, 0}) {
      header += static_cast<char>(static_cast<std::uint64_t>(size) >> static_cast<unsigned>(shift));
    }
  }
  return header;
}

}  // namespace

std::string idx_images(const ImageSet& set) {
  std::string bytes = header_of({set.size(), set.rows, set.columns});
  bytes.append(set.pixels.begin(), set.pixels.end());
  return bytes;
}

std::string idx_labels(const ImageSet& set) {
  std::string bytes = header_of({set.size()});
  bytes.append(set.labels.begin(), set.labels.end());
  return bytes;
}

std::string gzip_bytes(std::string_view bytes) {
  constexpr int kGzip = 16;  // added to the window bits: a gzip header, without a name or a time
  constexpr int kMemory = 9;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzip, kMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw Error(ExitCode::run_failed, "zlib cannot start to compress");
  }
  std::string compressed;
  compressed.resize(deflateBound(&stream, bytes.size()));
  // zlib never writes to its input.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());               // NOLINT
  // Its counters have 32 bits.
  std::size_t in_left = bytes.size();
  std::size_t out_left = compressed.size();
  const auto take = [](std::size_t& left) {
    const std::size_t some = std::min<std::size_t>(left, std::numeric_limits<uInt>::max());
    left -= some;
    return static_cast<uInt>(some);
  };
  int status = Z_OK;
  while (status == Z_OK) {
    if (stream.avail_in == 0) stream.avail_in = take(in_left);
    if (stream.avail_out == 0) stream.avail_out = take(out_left);
    status = deflate(&stream, in_left == 0 ? Z_FINISH : Z_NO_FLUSH);
  }
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw Error(ExitCode::run_failed, "zlib cannot compress the data");
  return compressed;
}

}  // namespace mnist_bench
