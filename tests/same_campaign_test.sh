#!/bin/bash
# The same seed is the same campaign with one worker and with four: the same cases become entries, with
# the same recipes, and the same findings come of the same cases. Another seed is another one.
# Each case gets a fresh process: what a server remembers of other cases is not the campaign's to decide.
set -eu
server=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Datagrams: there a fence says when a message was handled, and silence needs no clock.
seeds=("$MEDDLE_SOURCE"/pcaps/dns/{knot-basic,nsd-basic,bind9-basic,dnsmasq-basic,types}.pcap*)

campaign() { # NAME SEED WORKERS
	local code=0
	timeout 250 "$MEDDLE_BUILD/meddle" fuzz "${seeds[@]}" --out "$tmp/$1" --seed "$2" --workers "$3" \
		--cases 1536 --epoch 128 --restart 1 --json -- "$server" --bug crash-a --bug crash-b --port '{port}' \
		>"$tmp/$1.json" 2>"$tmp/$1.err" || code=$?
	[ $code = 1 ] || { cat "$tmp/$1.err"; echo "$1: exit code $code"; exit 1; }
	# Everything but when it was, and names, which are of bytes that may hold the time of the day.
	sqlite3 "$tmp/$1/meddle.db" "SELECT recipe, parent, found_case, depth FROM entry ORDER BY id;
		SELECT kind, title, signature, found_case, confirmed, tried FROM finding ORDER BY id" >"$tmp/$1.txt"
	for bundle in "$tmp/$1"/findings/*/; do
		echo "$(basename "$bundle")" && cat "$bundle/recipe.txt" "$bundle/trace.txt"
	done >>"$tmp/$1.txt"
}

command -v sqlite3 >/dev/null || { echo "skipped: sqlite3 is not installed"; exit 77; }
campaign one 5 1
campaign four 5 4
campaign other 6 1
diff "$tmp/one.txt" "$tmp/four.txt" || { echo "one worker (<) and four (>) differ"; exit 1; }
! cmp -s "$tmp/one.txt" "$tmp/other.txt" || { echo "the seed decides nothing"; exit 1; }
[ "$(grep -c . "$tmp/one.txt")" -gt 500 ] || { echo "hardly anything to compare"; exit 1; }
