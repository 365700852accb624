# What scripts/reproduce_paper and scripts/check_claims have in common; sourced after common.sh.
# They set engine, output, jobs and overrides.
# shellcheck shell=bash
# shellcheck disable=SC2154 # engine, output, jobs, overrides: as said above

code=0

# find_or_build_binary STEP: sets binary.
find_or_build_binary() {
  binary=${MNIST_BENCH_BINARY-}
  if [[ $binary ]]; then
    say "$1 $binary"
    return
  fi
  say "$1 set-up and build (the first one takes minutes)"
  scripts/setup
  configure release
  cmake --build --preset release --target mnist-bench >&2
  binary=build/release/mnist-bench
}

# refuse_option ARGUMENT: --KEY=VALUE, which would pass for an override.
refuse_option() {
  [[ $1 != --@(engine|seeds|jobs|output|suite)=* ]] || fail "$1: an option and its value are two words" "write ${1%%=*} ${1#*=}"
  usage_error "$1"
}

# require_suite NAME: before hours of training; evaluate checks what is in a file.
require_suite() {
  [[ -f $1 || $1 == @(standard|shift|noise|quick) ]] ||
    fail "--suite $1: there is no such suite" "it is standard, shift, noise, quick or a file"
}

# require_jobs N: before a build; the first sweep says what else may be wrong with it.
require_jobs() {
  [[ $1 =~ ^[1-9][0-9]*$ ]] || fail "--jobs $1: not a number of runs, from 1 on" "for example --jobs 2"
}

# train SWEEP FOLDER [OPTION ...]: its table is in the report. 4: some runs failed, which the report
# counts.
train() {
  local sweep=$1 folder=$2 ended=0
  shift 2
  "$binary" sweep "$sweep" --output "$folder" --jobs "$jobs" "$@" "${overrides[@]}" >/dev/null ||
    ended=$?
  [[ $ended -eq 0 || $ended -eq 4 ]] || exit "$ended"
  code=$((ended > code ? ended : code))
}

# time_predictions MODEL ...: again only if one of them is younger than the times. These replace
# earlier ones when all rounds are done.
time_predictions() {
  local model times=$output/latency.json
  for model in "$@"; do
    [[ $model -nt $times ]] || continue
    "$binary" bench --inference "${@%/model.safetensors}" --engines "$engine" --batch 1 \
      --threads 1 --rounds 3 -o "$times.part" >/dev/null
    mv "$times.part" "$times"
    return
  done
}
