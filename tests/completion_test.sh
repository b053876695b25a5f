#!/bin/bash
# What `meddle completion` prints is a script for its shell, and completes every command, option and
# word to choose from; keys of configuration files, which are no options, stay out.
set -euo pipefail

meddle=$MEDDLE_BUILD/meddle
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

for shell in bash zsh fish; do
	"$meddle" completion "$shell" >"$tmp/$shell"
	! command -v "$shell" >/dev/null || "$shell" -n "$tmp/$shell" || fail "$shell cannot read it"
	! grep -qE -- '(--|-l )(captures|command)\b' "$tmp/$shell" || fail "$shell: --captures is no option"
done
! "$meddle" completion csh 2>/dev/null || fail "a script for csh"

# shellcheck disable=SC1091
. "$tmp/bash"

bash_completes() { # bash_completes WORD... the last one is being typed
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_meddle
	printf '%s\n' "${COMPREPLY[@]}"
}

fish_completes() {
	fish -c "source $tmp/fish; complete -C '$*'" | cut -f 1
}

expect() { # expect COMPLETER WORD TYPED...
	grep -qx -- "$2" <<<"$("$1" "${@:3}")" || fail "${1%_*}: \"${*:3}\" does not give $2"
}

completers=(bash_completes)
! command -v fish >/dev/null || completers+=(fish_completes)
for completer in "${completers[@]}"; do
	for command in $("$meddle" list commands | awk 'NR > 1 { print $1 }'); do
		expect "$completer" "$command" meddle "${command:0:2}"
	done
	expect "$completer" auto meddle fuzz --sandbox ''
done
for command in $("$meddle" list commands | awk 'NR > 1 { print $1 }'); do
	for option in $("$meddle" "$command" --help | sed -nE 's/^  (-., )? +(--[a-z-]+).*/\2/p'); do
		expect bash_completes "$option" meddle "$command" "$option"
		grep -q -- "-l ${option#--}\\b" "$tmp/fish" || fail "fish does not know $command $option"
		grep -q -- "$option\\b" "$tmp/zsh" || fail "zsh does not know $command $option"
	done
done
