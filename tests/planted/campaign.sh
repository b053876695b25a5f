#!/bin/bash
# A campaign from the shipped captures finds a planted bug within a number of cases, with three different
# seeds; with mutations switched off it finds nothing. What it finds plays itself again.
# Usage: campaign.sh BUG KIND CASES [SERVER]; KIND "none": nothing may be found.
set -u
bug=$1 kind=$2 cases=$3 server=$MEDDLE_BUILD/tests/planted/${4:-planted_dns}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
	printf '%s\n' "$@"
	exit 1
}

# Its lines go to $tmp/NAME.json.
campaign() { # NAME ARGS...
	local name=$1
	shift
	timeout 500 "$MEDDLE_BUILD/meddle" fuzz "$MEDDLE_SOURCE/pcaps/dns" --out "$tmp/$name" --workers 1 \
		--json --stop-at-finding "$@" -- "$server" --bug "$bug" --port '{port}' \
		>"$tmp/$name.json" 2>"$tmp/$name.err"
}

# What a campaign that ended unexpectedly left.
left() { # NAME
	cat "$tmp/$1.err"
	tail -n 5 "$tmp/$1.json"
}

finds() { # SEED
	campaign "$1" --seed "$1" --cases "$cases"
	local rc=$?
	[ $rc = 1 ] || fail "seed $1: exit code $rc within $cases cases" "$(left "$1")"
	local found
	found=$(grep '"type":"finding"' "$tmp/$1.json" | head -n 1)
	grep -q "\"kind\":\"$kind\"" <<<"$found" || fail "seed $1: not a finding of kind $kind: $found"
	echo "seed $1: $found"
	MEDDLE=$MEDDLE_BUILD/meddle sh "$(find "$tmp/$1/findings" -name replay.sh | head -n 1)" >"$tmp/again" 2>&1
	rc=$?
	[ $rc = 1 ] || fail "seed $1: replay.sh: exit code $rc" "$(cat "$tmp/again")"
}

if [ "$kind" = none ]; then
	campaign control --cases "$cases" || fail "exit code $?" "$(left control)"
	exit 0
fi
campaign plain --no-mutate --cases 1000 || fail "--no-mutate: exit code $?" "$(left plain)"
# With sanitizers it is meddle that is looked at, not luck.
seeds=(1 2 3)
[ -z "${MEDDLE_SANITIZE:-}" ] || seeds=(1)
for seed in "${seeds[@]}"; do
	finds "$seed"
done
