#!/bin/bash
# What the documents refer to is there, and the protocol that docs/guide/protocols.md makes compiles as
# strictly as our own.
set -euo pipefail

cd "$MEDDLE_SOURCE"
failures=0
complain() {
	echo "$*" >&2
	failures=$((failures + 1))
}

for page in *.md docs/*.md docs/*/*.md pcaps/*/*.md; do
	while read -r link; do
		[[ $link == http* || -e $(dirname "$page")/${link%#*} ]] || complain "$page: no $link"
	done < <(grep -oE '\]\([^) ]+\)' "$page" | sed 's/^](//; s/)$//')
	# files of ours that are named in the text
	while read -r file; do
		[[ -e $file ]] || complain "$page: no $file"
	done < <(grep -oE '`(core|protocols|proxy|netns|replay|tools|tests)/[a-z0-9_/.-]+[a-z]`' "$page" |
		tr -d '`' | grep -vE 'tftp' | sort -u)
done

sed -n '/^```c$/,/^```$/{/^```/d; p}' docs/guide/protocols.md |
	"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wcast-qual \
		-Werror -fsyntax-only -I. -x c - ||
	complain "docs/guide/protocols.md: what it makes does not compile"
exit $((failures > 0))
