#!/bin/bash
# How a campaign looks while it runs: tidy on terminals of several sizes, which are as before when Ctrl-C has
# ended it; plain lines where there is no terminal; JSON that programs can read.
set -euo pipefail
. "$MEDDLE_SOURCE/tests/scenario/lib.sh"
need python3 jq

server=("$MEDDLE_BUILD/tests/planted/planted_dns" --port '{port}' --bug crash-a)
capture=$captures/errors.pcapng

on_terminal() { # on_terminal ROWS COLUMNS
	local status=0
	rm -rf "$work/campaign"
	PYTHONDONTWRITEBYTECODE=1 python3 "$MEDDLE_SOURCE/tests/scenario/screen.py" "$1" "$2" \
		'crash: ended by signal' "$meddle" fuzz "$capture" --out "$work/campaign" --for 50s \
		-- "${server[@]}" >"$work/out" 2>"$work/err" || status=$?
	((status <= 1)) || fail "$1x$2: $status"
	says 'campaign:  '
	says 'go on:     '
}

on_terminal 24 80
says '+- process timing ---------------------+- overall results -------------------+'
on_terminal 10 40
says_not '+-'
on_terminal 24 78
says_not '+-'
on_terminal 60 200

# no terminal: lines, and nothing that steers one
run 1 fuzz "$capture" --out "$work/lines" --cases 1500 -- "${server[@]}"
says 'finding: high crash: ' err
says '  cases 1500  ' err
! grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$work/err" "$work/out" || fail 'control characters'

# JSON: all of it, and nothing else on standard output
run 1 fuzz "$capture" --out "$work/json" --json --cases 1500 -- "${server[@]}"
jq -es 'map(.type) | unique - ["end", "finding", "note", "status"] == []' "$work/out" >"$work/said" ||
	fail 'not JSON, or of an unknown type'
jq -es 'last | .type == "end" and .cases == 1500 and .findings == 1' "$work/out" >"$work/said" ||
	fail 'the last line is no summary'
jq -es 'map(select(.type == "finding")) | length == 1 and .[0].kind == "crash"' "$work/out" \
	>"$work/said" || fail 'not the one finding'
jq -es 'map(select(.type == "status" or .type == "end").cases) | . == sort' "$work/out" \
	>"$work/said" || fail 'cases go back'
[[ ! -s $work/err ]] || fail 'something on standard error'

# the other commands' JSON
need knotd
. "$MEDDLE_SOURCE/tests/scenario/servers.sh"
free_port
example_zone -e 's/192\.0\.2\.80$/192.0.2.180/'
knot_example
start_server
run 1 replay "$captures/knot-basic.pcap" --to "127.0.0.1:$port" --json
jq -es 'map(.type) | unique == ["difference", "summary"]' "$work/out" >"$work/said" ||
	fail 'replay: not JSON'
run 0 show --json "$captures"
jq -es 'length > 900' "$work/out" >"$work/said" || fail 'show: not JSON'
run 0 list --json
jq -es . "$work/out" >"$work/said" || fail 'list: not JSON'
run 1 triage --json "$work/json"
jq -es . "$work/out" >"$work/said" || fail 'triage: not JSON'
