#!/bin/bash
# A campaign from the shipped captures finds a planted bug within a number of cases, with three seeds; with
# mutations switched off it finds nothing. Usage: campaign.sh BUG CASES KIND [SERVER]
set -u
bug=$1 cases=$2 kind=$3 server=${4:-planted_dns}
meddle=$MEDDLE_BUILD/meddle
server=$MEDDLE_BUILD/tests/planted/$server
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
	echo "$*"
	exit 1
}

# The campaign: prints its summary line; what it found is in $tmp/NAME.json.
campaign() { # NAME ARGS...
	local name=$1
	shift
	timeout 300 "$meddle" fuzz "$MEDDLE_SOURCE/pcaps/dns" --out "$tmp/$name" --json --stop-at-finding --workers 1 \
		"$@" -- "$server" --bug "$bug" --port '{port}' >"$tmp/$name.json" 2>"$tmp/$name.err"
}

campaign plain --no-mutate --cases 1000
rc=$?
[ $rc = 0 ] || fail "--no-mutate: exit code $rc" "$(cat "$tmp/plain.err" "$tmp/plain.json")"
for seed in 1 2 3; do
	campaign "$seed" --seed $seed --cases "$cases"
	rc=$?
	[ $rc = 1 ] || fail "seed $seed: exit code $rc within $cases cases" "$(tail -5 "$tmp/$seed.err" "$tmp/$seed.json")"
	echo "seed $seed: $(grep finding "$tmp/$seed.json" | tail -1)"
done
