#include "record/record_fields.h"

namespace mnist_bench {
namespace {

using J = JsonValue;

const Fields<DataFile>& file_fields() {
  using F = DataFile;
  static const Fields<F> fields = {
      field("role", &F::role, &J::text),
      field("path", &F::path, &J::text),
      field("sha256", &F::sha256, &J::hash),
  };
  return fields;
}

const Fields<CalibrationBin>& bin_fields() {
  using B = CalibrationBin;
  static const Fields<B> fields = {
      field("lower", &B::lower, &J::share),       field("upper", &B::upper, &J::share),
      field("samples", &B::samples, &J::count),   field("confidence", &B::confidence, &J::share),
      field("accuracy", &B::accuracy, &J::share),
  };
  return fields;
}

const Fields<CoveragePoint>& coverage_fields() {
  using C = CoveragePoint;
  static const Fields<C> fields = {
      field("coverage", &C::coverage, &J::share),
      field("threshold", &C::threshold, &J::share),
      field("accuracy", &C::accuracy, &J::share),
  };
  return fields;
}

const Fields<EpochScores>& score_fields() {
  using S = EpochScores;
  static const Fields<S> fields = {
      finite_or_null("loss", &S::loss, &J::amount),
      field("accuracy", &S::accuracy, &J::share),
      field("macro_f1", &S::macro_f1, &J::share),
  };
  return fields;
}

/// A sum over the layers; null for what has none.
Field<ModelSummary> of_layers(const std::string& name, std::int64_t ModelSummary::*member) {
  Field<ModelSummary> sum = field(name, member, &J::count);
  sum.write = [member](const ModelSummary& model) {
    return model.layers.empty() ? nlohmann::ordered_json(nullptr)
                                : nlohmann::ordered_json(model.*member);
  };
  sum.read = [name, member](ModelSummary& model, const JsonValue& json) {
    model.*member = json.optional(name.c_str(), &J::count).value_or(0);
  };
  return sum;
}

}  // namespace

const Fields<Calibration>& calibration_fields() {
  using C = Calibration;
  static const Fields<C> fields = {
      field("ece", &C::ece, &J::share),
      field("mce", &C::mce, &J::share),
      field("mce_samples", &C::mce_samples, &J::count),
      field("brier", &C::brier, &J::amount),
      finite_or_null("nll", &C::nll, &J::amount),
      list_of("bins", &C::bins, bin_fields()),
      list_of("coverage", &C::coverage, coverage_fields()),
  };
  return fields;
}

const Fields<Provenance>& provenance_fields() {
  using P = Provenance;
  static const Fields<P> fields = {
      field("version", &P::version, &J::text, "of mnist-bench"),
      field("git_revision", &P::git_revision, &J::text, "of the build"),
      field("git_dirty", &P::git_dirty, &J::boolean, "whether the build had uncommitted changes"),
      field("build_type", &P::build_type, &J::text, "Release, Debug"),
      field("compiler", &P::compiler, &J::text, "of the build"),
      field("libtorch", &P::libtorch, &J::text, "version"),
      field("device", &P::device, &J::text, "cpu or cuda:N"),
      field("device_name", &P::device_name, &J::text, "of the device"),
      field("cpu", &P::cpu, &J::text, "of the machine"),
      may_lack(field("simd", &P::simd, &J::text, "instructions that the engine computes with")),
      field("threads", &P::threads, &J::count, "CPU threads"),
      may_lack(field("jobs", &P::jobs, &J::count,
                     "runs side by side; above 1, times are not those of a run alone")),
      field("allocator", &P::allocator, &J::text, "of memory"),
      field("started_at", &P::started_at, &J::text, "UTC"),
      field("command", &P::command, &J::text, "the command line"),
      may_lack(field("resumed_after", &P::resumed_after, &J::counts,
                     "the epochs after which the run continued from a checkpoint")),
      field("cuda", &P::cuda, &J::text, "version that LibTorch uses"),
      field("cudnn", &P::cudnn, &J::text, "version that LibTorch uses"),
      field("driver", &P::driver, &J::text, "version, of a GPU"),
      field("tf32", &P::tf32, &J::boolean, "whether matrix products may round to TF32"),
      field("mkl_cbwr", &P::mkl_cbwr, &J::text, "MKL_CBWR"),
      field("omp_wait_policy", &P::omp_wait_policy, &J::text, "OMP_WAIT_POLICY"),
      field("gomp_spincount", &P::gomp_spincount, &J::text, "GOMP_SPINCOUNT"),
  };
  return fields;
}

const Fields<SplitSummary>& split_fields() {
  using S = SplitSummary;
  static const Fields<S> fields = {
      field("samples", &S::samples, &J::count, "images"),
      field("sha256", &S::sha256, &J::hash, "of the files"),
      field("class_counts", &S::class_counts, &J::counts),
  };
  return fields;
}

const Fields<DataSummary>& data_fields() {
  using D = DataSummary;
  static const Fields<D> fields = {
      field("dataset", &D::dataset, &J::text, "label of the data set"),
      object("train", &D::train, split_fields()),
      object("test", &D::test, split_fields()),
      unless_absent(object("validation", &D::validation, split_fields()), &D::validation),
      group<D>("normalization",
               {field("mean", &D::mean, &J::number), field("std", &D::std, &J::number)}),
      may_lack(list_of("files", &D::files, file_fields())),
  };
  return fields;
}

const Fields<LayerSummary>& layer_fields() {
  using L = LayerSummary;
  static const Fields<L> fields = {
      field("name", &L::name, &J::text),
      field("type", &L::type, &J::text),
      field("output_shape", &L::output_shape, &J::counts),
      field("parameters", &L::parameters, &J::count),
      field("macs", &L::macs, &J::count),
  };
  return fields;
}

const Fields<ModelSummary>& model_fields() {
  using M = ModelSummary;
  static const Fields<M> fields = {
      field("type", &M::type, &J::text),
      of_layers("parameters", &M::parameters),
      of_layers("macs", &M::macs),
      list_of("layers", &M::layers, layer_fields()),
      unless_empty(field("input_shape", &M::input_shape, &J::counts), &M::input_shape),
      unless_absent(field("stored_bytes", &M::stored_bytes, &J::count), &M::stored_bytes),
      unless_absent(field("support_vectors", &M::support_vectors, &J::count), &M::support_vectors),
  };
  return fields;
}

const Fields<Preactivations>& preactivation_fields() {
  using P = Preactivations;
  static const Fields<P> fields = {
      field("layer", &P::layer, &J::text),
      finite_or_null("mean", &P::mean, &J::number),
      finite_or_null("sd", &P::sd, &J::amount),
  };
  return fields;
}

const Fields<EpochRecord>& epoch_fields() {
  using E = EpochRecord;
  static const Fields<E> fields = {
      field("epoch", &E::epoch, &J::count),
      may_lack(field("engine", &E::engine, &J::text)),
      unless_empty(field("device", &E::device, &J::text), &E::device),
      field("train_loss", &E::train_loss, &J::amount),
      field("train_accuracy", &E::train_accuracy, &J::share),
      field("train_seconds", &E::train_seconds, &J::amount),
      field("evaluate_seconds", &E::evaluate_seconds, &J::amount),
      finite_or_null("images_per_second", &E::images_per_second, &J::amount),
      object("test", &E::test, score_fields()),
      unless_absent(object("validation", &E::validation, score_fields()), &E::validation),
  };
  return fields;
}

const Fields<TimingRecord>& timing_fields() {
  using T = TimingRecord;
  static const Fields<T> fields = {
      field("load_seconds", &T::load_seconds, &J::amount),
      field("train_seconds", &T::train_seconds, &J::amount),
      unless_absent(field("fit_seconds", &T::fit_seconds, &J::amount), &T::fit_seconds),
      field("evaluate_seconds", &T::evaluate_seconds, &J::amount),
      field("total_seconds", &T::total_seconds, &J::amount),
      field("peak_rss_bytes", &T::peak_rss_bytes, &J::count),
      field("peak_device_bytes", &T::peak_device_bytes, &J::count),
  };
  return fields;
}

}  // namespace mnist_bench
