#pragma once

#include "record/json_value.h"
#include "record/result.h"

namespace mnist_bench {

/// Whether what a record states twice agrees: counts with their sums and with every value that is
/// computed from them, the epochs with the config, the status with all of it. Throws Error(io)
/// naming the first member that contradicts the rest, what it says and what it should say.
/// `record` is the document that `result` was read from; members it lacks are not missed here.
///
/// A record of the first schema may state macro averages over all classes, as 0.1.0 computed them:
/// where they differ from those over the classes that occur, `result.notes` says so.
void check_result(RunResult& result, const JsonValue& record);

}  // namespace mnist_bench
