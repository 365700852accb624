#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/completion.h"

namespace mnist_bench {
namespace {

constexpr const char* kBashHead =
    R"bash(# What bash completes for mnist-bench. Printed by: mnist-bench completion bash

# What may follow the command $1: its commands, its options and its arguments. Options and keys are
# NAME or NAME=KIND. A KIND is config, key, config_or_key, file, folder, free or words joined by |.
_mnist_bench_follows() {
  case $1 in
)bash";

constexpr const char* kBashFunctions = R"bash(
# The kind of value that $1 takes in the list of NAME=KIND that follows.
_mnist_bench_kind() {
  local name=$1 entry
  shift
  for entry; do
    [[ ${entry%%=*} != "$name" || $entry != *=* ]] || printf '%s\n' "${entry#*=}"
  done
}

# _mnist_bench_offer KIND PREFIX WORD: prints, each after PREFIX, what completes WORD.
_mnist_bench_offer() {
  local kind=$1 prefix=$2 word=$3
  case $kind in
    free) ;;
    file) compgen -P "$prefix" -f -- "$word" ;;
    folder) compgen -P "$prefix" -d -- "$word" ;;
    config)
      compgen -P "$prefix" -W "$_mnist_bench_configs" -- "$word"
      compgen -P "$prefix" -f -X '!*.json' -- "$word"
      compgen -P "$prefix" -d -- "$word"
      ;;
    key)
      if [[ $word == *=* ]]; then
        # shellcheck disable=SC2086 # a list
        _mnist_bench_offer "$(_mnist_bench_kind "${word%%=*}" $_mnist_bench_keys)" \
          "$prefix${word%%=*}=" "${word#*=}"
      else
        # shellcheck disable=SC2086 # a list
        compgen -P "$prefix" -S = -W "$(printf '%s\n' $_mnist_bench_keys | sed 's/=.*//')" -- "$word"
      fi
      ;;
    config_or_key)
      [[ $word == *=* ]] || _mnist_bench_offer config "$prefix" "$word"
      _mnist_bench_offer key "$prefix" "$word"
      ;;
    *) compgen -P "$prefix" -W "${kind//|/ }" -- "$word" ;;
  esac
}

_mnist_bench() {
  # The words as they were typed: bash has taken them apart at = and :.
  local part words=()
  for part in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [[ ${#words[@]} -gt 1 && ($part == [=:]* || ${words[-1]} == *[=:]) ]]; then
      words[-1]+=$part
    else
      words+=("$part")
    fi
  done
  local current=${words[-1]} word command='' kind='' given=0 commands options arguments
  _mnist_bench_follows ''
  for word in "${words[@]:1:${#words[@]}-2}"; do
    if [[ -n $kind ]]; then
      kind='' # the value of the option before it
    elif [[ $word == -* ]]; then
      # shellcheck disable=SC2086 # a list
      [[ $word == *=* ]] || kind=$(_mnist_bench_kind "$word" $options)
    elif [[ " $commands " == *" $word "* ]]; then
      command+=${command:+ }$word
      _mnist_bench_follows "$command"
    else
      given=$((given + 1))
    fi
  done
  local -a kinds
  read -ra kinds <<<"$arguments"
  local offers
  if [[ -n $kind ]]; then
    offers=$(_mnist_bench_offer "$kind" '' "$current")
  elif [[ $current == --*=* ]]; then
    # shellcheck disable=SC2086 # a list
    kind=$(_mnist_bench_kind "${current%%=*}" $options)
    offers=$(_mnist_bench_offer "${kind:-free}" "${current%%=*}=" "${current#*=}")
  elif [[ $current == -* ]]; then
    # shellcheck disable=SC2086 # a list
    offers=$(compgen -W "$(printf '%s\n' $options | sed 's/=.*//')" -- "$current")
  elif [[ -n $commands ]]; then
    offers=$(compgen -W "$commands" -- "$current")
  elif [[ ${#kinds[@]} -gt 0 ]]; then
    [[ $given -lt ${#kinds[@]} ]] || given=$((${#kinds[@]} - 1))
    kind=${kinds[given]}
    offers=$(_mnist_bench_offer "$kind" '' "$current")
  fi
  case $kind in
    file | folder | config) compopt -o filenames ;;
    key | config_or_key) [[ $current == *=* ]] || compopt -o nospace ;;
  esac
  # Bash replaces what follows the last of its word breaks alone.
  local before=
  if [[ $current == *[=:]* && $COMP_WORDBREAKS == *=* ]]; then before=${current%"${current##*[=:]}"}; fi
  mapfile -t COMPREPLY < <(sort -u <<<"$offers" | sed '/^$/d')
  COMPREPLY=("${COMPREPLY[@]#"$before"}")
}

complete -F _mnist_bench mnist-bench
)bash";

std::vector<std::string> words_of(const std::vector<CompletedWord>& words) {
  std::vector<std::string> texts;
  for (const CompletedWord& word : words) {
    texts.push_back(word.value.empty() ? word.name : word.name + "=" + word.value);
  }
  return texts;
}

}  // namespace

std::string bash_completion(const Completion& completion) {
  std::string script = kBashHead;
  for (const CompletedCommand& command : completion.commands) {
    script += fmt::format(
        "    '{}')\n      commands='{}'\n      options='{}'\n      arguments='{}'\n      ;;\n",
        command.path, fmt::join(words_of(command.commands), " "),
        fmt::join(words_of(command.options), " "), fmt::join(command.arguments, " "));
  }
  script +=
      fmt::format("  esac\n}}\n_mnist_bench_keys='{}'\n_mnist_bench_configs='{}'\n",
                  fmt::join(words_of(completion.keys), " "), fmt::join(completion.configs, " "));
  return script + kBashFunctions;
}

}  // namespace mnist_bench
