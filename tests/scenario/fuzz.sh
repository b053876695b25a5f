#!/bin/bash
# A campaign against a real server, started by meddle and somewhere else: what it finds is so, the folder
# holds what is promised, nothing is left running, Ctrl-C ends it in good order, and it can go on.
#
# usage: fuzz.sh dnsmasq|knot|nsd|unbound|named
set -euo pipefail
. "$MEDDLE_SOURCE/tests/scenario/lib.sh"
. "$MEDDLE_SOURCE/tests/scenario/servers.sh"
need dig jq

# What these servers really do to malformed requests, mostly because they echo them; anything else has to
# be looked into first.
known='an answer with the reserved bit set
an answer that cannot be read to its end
an answer with another opcode
an answer with two OPT records
an answer longer than the asker can take
EDNS to one who did not ask for it'

prepare() {
	free_port
	case $1 in
	dnsmasq) dnsmasq_example ;;
	knot) example_zone && knot_example ;;
	nsd) example_zone && nsd_example ;;
	named) example_zone && named_example </dev/null ;;
	unbound) conf_unbound <<-END ;;
		    local-zone: "." static
		    local-data: "www.example. A 192.0.2.80"
	END
	esac
	capture=$captures/$2
}

# Nothing that the campaign started is there any more; its command names a file in $work.
all_gone() {
	! running_in_work >/dev/null
}

campaign() { # campaign ARGUMENTS...: ends with 0, or with 1 and findings that are so
	local status=0 title
	timeout --kill-after=5 100 "$meddle" fuzz "$@" >"$work/out" 2>"$work/err" </dev/null ||
		status=$?
	((status <= 1)) || fail "exit $status: meddle fuzz $*"
	says "campaign:  $work"
	while read -r title; do
		grep -qxF -- "$title" <<<"$known" || fail "is it so? $title"
	done < <(cat "$work"/*/findings/*/finding.yaml 2>/dev/null | sed -n 's/^title: "\(.*\)"$/\1/p')
}

folder_complete() { # folder_complete OUT
	local file bundle
	[[ -s $1/meddle.db ]] || fail "$1: no book"
	(($(find "$1/corpus" -name '*.trace' | wc -l) >= 10)) || fail "$1: hardly a corpus"
	run 0 show --quiet "$1/corpus"
	for bundle in "$1"/findings/*/; do
		[[ -d $bundle ]] || continue
		for file in finding.yaml trace.txt trace.pcapng recipe.txt seed.txt answers.txt; do
			[[ -s $bundle$file ]] || fail "$bundle: no $file"
		done
		run 0 show --quiet "$bundle/trace.txt" "$bundle/trace.pcapng"
		[[ -x $bundle/replay.sh ]] || fail "$bundle: no replay.sh"
	done
}

# A finding plays itself again, from its own folder.
plays_again() {
	local bundle status=0
	bundle=$(find "$1/findings" -mindepth 1 -maxdepth 1 | sort | head -n 1)
	[[ -n $bundle ]] || return 0
	PATH=$MEDDLE_BUILD:$PATH timeout 60 "$bundle/replay.sh" >"$work/out" 2>"$work/err" || status=$?
	[[ $status == 1 ]] || fail "$bundle/replay.sh: exit $status, not 1"
}

ours() {
	campaign "$capture" --cases 300 --seed 1 --out "$work/ours" -- "${command[@]}"
	says '300 cases in '
	folder_complete "$work/ours"
	within 2 all_gone || fail "still there: $(running_in_work)"
	plays_again "$work/ours"
	within 2 all_gone || fail "still there: $(running_in_work)"
}

# Without a network of its own it would be seen here.
in_the_open() {
	campaign "$capture" --cases 50 --sandbox no --out "$work/open" -- "${command[@]}"
	within 2 all_gone || fail "still there: $(running_in_work)"
	free "$port" || fail "somebody listens on port $port"
}

elsewhere() {
	start_server
	campaign "$capture" --cases 300 --seed 1 --out "$work/else" --to "udp://127.0.0.1:$port"
	says '300 cases in '
	folder_complete "$work/else"
	answers || fail 'the server does not answer any more'
	stop_servers
}

interrupted() {
	local pid status=0 before after
	rm -f "$work/out"
	"$meddle" fuzz "$capture" --for 100s --json --out "$work/cut" -- "${command[@]}" \
		>"$work/out" 2>"$work/err" </dev/null &
	pid=$!
	pids+=("$pid")
	within 30 grep -qE '"cases":[1-9]' "$work/out" || fail 'no case in 30 seconds'
	kill -INT "$pid"
	within 20 gone "$pid" || fail 'still there long after SIGINT'
	wait "$pid" || status=$?
	pids=()
	((status <= 1)) || fail "exit $status after SIGINT"
	within 2 all_gone || fail "still there: $(running_in_work)"
	jq -es 'last | .type == "end" and .phase == "ended"' "$work/out" >"$work/said" ||
		fail 'the last line is not the end'
	before=$(jq -s 'last.cases' "$work/out")
	after=$((before + 100))
	campaign --resume --cases "$after" --out "$work/cut" -- "${command[@]}"
	says "$after cases in "
	within 2 all_gone || fail "still there: $(running_in_work)"
}

case $1 in
knot) need knotd && prepare knot knot-basic.pcap ;;
nsd) need nsd && prepare nsd nsd-basic.pcap ;;
named) need named && prepare named bind9-basic.pcap ;;
dnsmasq) need dnsmasq && prepare dnsmasq dnsmasq-basic.pcap ;;
unbound) need unbound && prepare unbound unbound-recursive.pcap ;;
esac
ours
in_the_open
elsewhere
interrupted
