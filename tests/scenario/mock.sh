#!/bin/bash
# meddle in the place of the server that was recorded: real clients get the recorded answers, with the
# ids and cookies that they chose; what was never asked then is counted and gets no answer.
set -euo pipefail
. "$MEDDLE_SOURCE/tests/scenario/lib.sh"
need dig kdig dnsperf

# serve CAPTURE OPTIONS...: sets mock, its process, and port
serve() {
	rm -f "$work/served"
	"$meddle" replay "$1" --listen "${2:-127.0.0.1:0}" "${@:3}" >"$work/served" 2>"$work/err" &
	mock=$!
	pids+=("$mock")
	within 10 grep -q '^answering on tcp' "$work/served" ||
		fail "$1: does not serve"
	port=$(sed -n '/^answering on /{s/.*://;p;q}' "$work/served")
}

# served EXPECTED: Ctrl-C ends it with the summary
served() {
	local status=0
	kill -INT "$mock"
	within 5 gone "$mock" || fail 'it does not end at SIGINT'
	wait "$mock" || status=$?
	pids=()
	[[ $status == 0 ]] || fail "it ended with $status"
	says "$1" served
	within 10 free "$port" || fail "port $port is still bound"
}

ask() { # ask CLIENT ARGUMENTS...: what it prints is in $work/out
	"$1" -p "$port" @127.0.0.1 "${@:2}" >"$work/out" 2>&1 || fail "no answer: $*"
}

single_answers() {
	serve "$captures/bind9-basic.pcap"
	ask dig www.example A
	says '192.0.2.80'
	says '192.0.2.81'
	says_not 'mismatch' # of ids, of cookies
	ask dig nothing.example A
	says 'status: NXDOMAIN'
	ask dig version.bind CH TXT
	says '9.18.49'
	ask dig host.sub.example A # from the recorded delegation
	says 'ns.sub.example'
	! dig -p "$port" @127.0.0.1 +tries=1 +time=1 unheard-of.example A >"$work/out" 2>&1 ||
		fail 'an answer that nobody recorded'
	served '5 requests, 4 of them as recorded, 4 answers'
}

streams() {
	serve "$captures/tcp.pcap"
	ask dig +tcp +keepopen www.example A www.example AAAA example MX nothing.example A
	says 'status: NXDOMAIN'
	says '2001:db8::80'
	ask kdig +tcp +keepopen www.example A ftp.example A example SOA
	says '2024010101'
	served '2 clients, 7 requests, 7 of them as recorded, 7 answers'
}

transfer() {
	serve "$captures/knot-axfr.pcap"
	ask kdig example AXFR
	[[ $(grep -c '^[^;]*IN' "$work/out") == 26 ]] || fail 'not the 26 records of the zone'
	served '1 of them as recorded'
}

many() {
	local i
	for ((i = 0; i < 10; i++)); do
		printf '%s\n' 'www.example A' 'www.example AAAA' 'example MX' 'mail.example A' \
			"random$i.example A" "host$i.wild.example A" 'ftp.example A' \
			'_sip._udp.example SRV' 'text.example TXT' 'example SOA'
	done >"$work/questions"
	serve "$captures/dnsperf.pcap"
	dnsperf -s 127.0.0.1 -p "$port" -c 1 -T 1 -q 20 -n 5 -t 10 -d "$work/questions" \
		>"$work/out" 2>&1 || fail 'dnsperf'
	says 'Queries completed:    500 (100.00%)'
	served '500 requests, 500 of them as recorded, 500 answers'
}

over_ipv6() {
	serve "$captures/dnsmasq-basic.pcap" '[::1]:0'
	dig -p "$port" @::1 text.example TXT >"$work/out" || fail 'no answer over IPv6'
	says '"one string" "and another"'
	served '1 requests, 1 of them as recorded, 1 answers'
}

single_answers
streams
transfer
many
over_ipv6
