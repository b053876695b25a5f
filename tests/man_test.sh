#!/bin/bash
# The man pages: mandoc warns of nothing, every command and every option has its place in them and
# nothing else has, they refer to pages that there are, and what they show can be run.
set -euo pipefail

man=$MEDDLE_SOURCE/docs/man
meddle=$MEDDLE_BUILD/meddle
failures=0

complain() {
	echo "$*" >&2
	failures=$((failures + 1))
}

# "-o --out DIR" for each option, as the help says
options_of_help() { # options_of_help COMMAND
	"$meddle" "$1" --help | sed -n '/^options:/,/^$/p' |
		sed -nE 's/^  (-.,)? +(--[a-z0-9-]+)( [^ ]+)?( .*)?$/\1 \2\3/p' | tr -d , | sort
}

# the same, as the page says
options_of_page() { # options_of_page FILE
	sed -nE 's/^\.It Fl (. , Fl )?-([a-z0-9-]+)( Ar (.*))?$/\1 --\2 \4/p' "$1" |
		sed -E 's/^(.) , Fl /-\1/; s/ +$//' | sort
}

check_command() {
	local page=$man/meddle-$1.1
	[[ -e $page ]] || { complain "meddle $1 has no man page" && return; }
	diff <(options_of_help "$1" | sed 's/^ *//') <(options_of_page "$page" | sed 's/^ *//') >&2 ||
		complain "meddle $1: --help (<) and the man page (>) name other options"
}

check_references() {
	local name section
	while read -r name section; do
		[[ -e $man/$name.$section ]] || complain "$1 refers to $name($section), which is not there"
	done < <(sed -nE 's/^\.Xr (meddle[a-z-]*) ([1-8]).*/\1 \2/p' "$1" | sort -u)
}

commands=$("$meddle" list commands | awk 'NR > 1 { print $1 }')
[[ -n $commands ]] || complain "meddle list commands lists none"
for command in $commands; do
	check_command "$command"
	grep -q "^\\.Xr meddle-$command 1" "$man/meddle.1" || complain "meddle(1) does not name $command"
done
for page in "$man"/*.[1-8]; do
	check_references "$page"
	! grep -nE '.{101}' "$page" >&2 || complain "$page: lines longer than 100"
	name=${page##*/meddle-}
	[[ $page != *.1 || $page == */meddle.1 ]] || grep -qx "${name%.1}" <<<"$commands" ||
		complain "$page: there is no such command"
done

# the trace of meddle-trace(5) is one
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sed -n '/^meddle-trace 1$/,/^\.Ed/p' "$man/meddle-trace.5" | sed '$d' >"$tmp/trace"
grep -q NXDOMAIN <<<"$("$meddle" show "$tmp/trace")" ||
	complain "the trace in meddle-trace(5) does not say what it should"

if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning "$man"/*.[1-8] >&2 || complain "mandoc is not content"
else
	echo "mandoc is not installed: syntax not looked at"
fi
exit $((failures > 0))
