#!/bin/bash
# A file includes from its own room and from rooms to the left of it, never to the right; the agent,
# which is loaded into other people's programs, includes nothing but its wire format.
#
#   layers_test.sh               checks $MEDDLE_SOURCE
#   layers_test.sh --self-test   plants violations into copies of it, each of which must be found
set -eu

rooms="core protocols proxy netns replay shadow tools"

# check DIR: one line an include that must not be; fails if there is any.
check() {
	cd "$1"
	local room
	for room in $rooms; do
		[ ! -d "$room" ] || find "$room" -name '*.[ch]' -print0
	done | xargs -0r awk -v order="$rooms" '
		BEGIN {
			n = split(order, room, " ")
			for (i = 1; i <= n; i++)
				at[room[i]] = i
		}
		/^[ \t]*#[ \t]*include[ \t]*["<]/ {
			split($0, quoted, /["<>]/)
			name = quoted[2]
			split(name, to, "/")
			split(FILENAME, from, "/")
			if (!(to[1] in at))
				wrong = $0 ~ /"/ # ours are named with their room
			else if (FILENAME ~ /^replay\/agent\//)
				wrong = name != "replay/agent/wire.h"
			else
				wrong = at[to[1]] > at[from[1]]
			if (wrong) {
				print FILENAME " includes " name
				found = 1
			}
		}
		END { exit found }'
}

# plant FILE INCLUDE: a copy of the tree with that line in that file must fail, and say so.
plant() {
	local copy said
	copy=$(mktemp -d "$tmp/XXXXXX")
	for room in $rooms; do
		[ ! -d "$MEDDLE_SOURCE/$room" ] || cp -r "$MEDDLE_SOURCE/$room" "$copy/"
	done
	mkdir -p "$copy/$(dirname "$1")"
	echo "#include $2" >>"$copy/$1"
	if said=$(check "$copy"); then
		echo "$1 may include $2, says the check"
		exit 1
	fi
	[ "$said" = "$1 includes ${2//[\"<>]/}" ] || {
		echo "the check found something else: $said"
		exit 1
	}
}

if [ "${1:-}" = --self-test ]; then
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	plant core/buf.c '"proxy/end.h"'
	plant core/buf.h '<protocols/field.h>'
	plant protocols/planted.c '"tools/meddle/main.h"'
	plant replay/planted.c '"shadow/tee.h"'
	plant replay/agent/planted.c '"core/buf.h"'
	plant proxy/planted.h '"flow.h"'
	echo "all planted violations were found"
else
	(check "$MEDDLE_SOURCE")
fi
