#pragma once

#include "record/fields.h"
#include "record/result.h"

namespace mnist_bench {

// The members of the objects of result.json, in its order.
const Fields<Provenance>& provenance_fields();
/// Of the training or the test set.
const Fields<SplitSummary>& split_fields();
const Fields<DataSummary>& data_fields();
const Fields<LayerSummary>& layer_fields();
const Fields<ModelSummary>& model_fields();
const Fields<Preactivations>& preactivation_fields();
const Fields<EpochRecord>& epoch_fields();
/// Without seconds_per_epoch, which follow from the epochs.
const Fields<TimingRecord>& timing_fields();
const Fields<Calibration>& calibration_fields();
/// Loss, confusion matrix and calibration are read; all metrics follow from the matrix.
const Fields<TestRecord>& test_fields();
/// Of the whole record, without its last member, sha256.
const Fields<RunResult>& result_fields();

}  // namespace mnist_bench
