#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/completion.h"

namespace mnist_bench {
namespace {

constexpr const char* kZshHead = R"zsh(#compdef mnist-bench
# What zsh completes for mnist-bench. Printed by: mnist-bench completion zsh

# What may follow the command $1: its commands, its options and its arguments. A kind is config, key,
# config_or_key, file, folder, free or words joined by |.
_mnist_bench_follows() {
  case $1 in
)zsh";

constexpr const char* kZshFunctions = R"zsh(
# _mnist_bench_offer KIND: what completes a word of this kind.
_mnist_bench_offer() {
  case $1 in
    (free) _message value ;;
    (file) _files ;;
    (folder) _files -/ ;;
    (config) _alternative 'configs:shipped config:compadd -a configs' \
      "files:config file:_files -g '*.json(-.)'" ;;
    (key)
      if [[ $PREFIX == *=* ]]; then
        local key=${PREFIX%%=*}
        compset -P 1 '*='
        _mnist_bench_offer ${key_kinds[$key]:-free}
      else
        _describe -t keys 'config key' keys -S '='
      fi ;;
    (config_or_key)
      if [[ $PREFIX == *=* ]]; then
        _mnist_bench_offer key
      else
        _alternative 'configs:shipped config:compadd -a configs' \
          "files:config file:_files -g '*.json(-.)'" \
          'keys:config key: _mnist_bench_offer key'
      fi ;;
    (*) compadd -- ${(s:|:)1} ;;
  esac
}

_mnist_bench() {
  local word command='' kind=''
  integer given=0
  local -a commands options arguments keys configs
  local -A kinds key_kinds
  _mnist_bench_keys
  _mnist_bench_follows ''
  for word in "${(@)words[2,CURRENT-1]}"; do
    if [[ -n $kind ]]; then
      kind='' # the value of the option before it
    elif [[ $word == -* ]]; then
      [[ $word == *=* ]] || kind=${kinds[$word]-}
    elif (( ${commands[(I)$word:*]} )); then
      command+=${command:+ }$word
      _mnist_bench_follows "$command"
    else
      given+=1
    fi
  done
  if [[ -n $kind ]]; then
    _mnist_bench_offer "$kind"
  elif [[ $PREFIX == --*=* ]]; then
    kind=${kinds[${PREFIX%%=*}]:-free}
    compset -P 1 '*='
    _mnist_bench_offer "$kind"
  elif [[ $PREFIX == -* ]]; then
    _describe -o -t options option options
  elif (( $#commands )); then
    _describe -t commands command commands
  elif (( $#arguments )); then
    (( given < $#arguments )) || given=$(( $#arguments - 1 ))
    _mnist_bench_offer "$arguments[given+1]"
  fi
}

# As a file in $fpath this is the body of the function; else it has been sourced.
if [[ $funcstack[1] == _mnist-bench ]]; then
  _mnist_bench "$@"
else
  compdef _mnist_bench mnist-bench
fi
)zsh";

std::string quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

/// 'NAME:HELP', as zsh's _describe takes it; of the help its first clause.
std::string described(const std::vector<CompletedWord>& words) {
  std::string text;
  for (const CompletedWord& word : words) {
    text += " " + quoted(word.name + ":" + word.help.substr(0, word.help.find_first_of(";(\n")));
  }
  return text;
}

std::string kinds_of(const std::vector<CompletedWord>& words) {
  std::string text;
  for (const CompletedWord& word : words) {
    if (!word.value.empty()) text += fmt::format(" {} {}", word.name, quoted(word.value));
  }
  return text;
}

std::string all_quoted(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += " " + quoted(word);
  return text;
}

}  // namespace

std::string zsh_completion(const Completion& completion) {
  std::string script = kZshHead;
  for (const CompletedCommand& command : completion.commands) {
    script += fmt::format(
        "    ('{}')\n      commands=({} )\n      options=({} )\n      kinds=({} )\n"
        "      arguments=({} ) ;;\n",
        command.path, described(command.commands), described(command.options),
        kinds_of(command.options), all_quoted(command.arguments));
  }
  script += fmt::format(
      "  esac\n}}\n\n_mnist_bench_keys() {{\n  keys=({} )\n  key_kinds=({} )\n  configs=({} "
      ")\n}}\n",
      described(completion.keys), kinds_of(completion.keys), all_quoted(completion.configs));
  return script + kZshFunctions;
}

}  // namespace mnist_bench
