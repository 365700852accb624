#include "classical/distances.h"

#include <algorithm>
#include <vector>

#include "kernels/byte_distance.h"
#include "kernels/thread_team.h"

namespace mnist_bench::classical {
namespace {

/// Rows of 784 pixels as 16 bits take 205 kB, which fits into a second-level cache; the queries'
/// 26 kB into the first-level one.
constexpr std::size_t kRows = 128;
constexpr std::size_t kQueries = 16;

/// One thread's memory.
struct Scratch {
  kernels::WideRows queries;
  kernels::WideRows rows;
  std::vector<std::uint32_t> distances;
};

void visit_block(const ByteImages& queries, kernels::Range range, const ByteImages& rows,
                 std::size_t first, Scratch& scratch, const VisitDistances& visit) {
  const auto widen = [](const ByteImages& images, std::size_t begin, std::size_t count,
                        kernels::WideRows& wide) {
    kernels::widen(images.bytes.data() + begin * images.width, count, images.width, wide);
  };
  const std::size_t count = std::min(kRows, rows.size() - first);
  widen(rows, first, count, scratch.rows);
  for (std::size_t q = range.begin; q < range.end; q += kQueries) {
    const std::size_t tall = std::min(kQueries, range.end - q);
    widen(queries, q, tall, scratch.queries);
    kernels::squared_distances(scratch.queries, scratch.rows, scratch.distances.data());
    for (std::size_t i = 0; i < tall; ++i) {
      visit(q + i, first, {scratch.distances.data() + i * count, count});
    }
  }
}

}  // namespace

bool for_each_distance(const ByteImages& queries, const ByteImages& rows, std::size_t threads,
                       const VisitDistances& visit, const KeepGoing& keep_going) {
  std::vector<Scratch> scratch(threads);
  for (Scratch& own : scratch) own.distances.resize(kQueries * kRows);
  kernels::ThreadTeam team(threads);
  for (std::size_t first = 0; first < rows.size(); first += kRows) {
    const double done = static_cast<double>(first) / static_cast<double>(rows.size());
    if (!keep_going(done)) return false;
    team.run_throwing([&](std::size_t thread) {
      const kernels::Range range = kernels::partition(queries.size(), kQueries, thread, threads);
      visit_block(queries, range, rows, first, scratch[thread], visit);
    });
  }
  return true;
}

}  // namespace mnist_bench::classical
