#!/bin/bash
# The planted servers: each answers as a server should, is not moved by what the captures hold, and
# shows its bug when its trigger comes. The one without bugs stands a storm under AddressSanitizer.
#
# usage: selftest.sh PLANTED_DNS PLANTED_DNS_ASAN
set -euo pipefail
ulimit -c 0

plain=$1 asan=$2
here=$(cd "$(dirname "$0")" && pwd)
captures=$MEDDLE_SOURCE/pcaps/dns
tmp=$(mktemp -d)
pid='' port=''
trap 'stop; rm -rf "$tmp"' EXIT

for tool in python3 dig nsupdate kdig; do
	command -v "$tool" >/dev/null || {
		echo "skipped: $tool is missing (Debian: python3, bind9-dnsutils, knot-dnsutils)"
		exit 77
	}
done

fail() {
	echo "FAIL: $*" >&2
	[[ ! -s $tmp/stderr ]] || tail -n 20 "$tmp/stderr" >&2
	exit 1
}

start() { # start PROGRAM BUG
	: >"$tmp/stdout"
	ASAN_OPTIONS=quarantine_size_mb=1 "$1" --bug "$2" >"$tmp/stdout" 2>"$tmp/stderr" &
	pid=$!
	until grep -q listening "$tmp/stdout"; do
		kill -0 "$pid" 2>/dev/null || fail "$1 --bug $2 does not start"
	done
	port=$(sed 's/listening on //' "$tmp/stdout")
}

stop() {
	[[ -n $pid ]] || return 0
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	pid=
}

peer() {
	PYTHONDONTWRITEBYTECODE=1 python3 "$here/peer.py" "$port" "$@"
}

exits() { # within ten seconds
	local i
	for ((i = 0; i < 100; i++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
	fail "$bug: it is still there"
}

ended_with() { # ended_with SIGNAL, which the server got from itself
	local status=0
	exits
	{ wait "$pid" || status=$?; } 2>/dev/null
	((status == 128 + $1)) || fail "$bug: status $status, not signal $1"
	pid=
}

ended_with_report() { # of AddressSanitizer
	exits
	{ ! wait "$pid"; } 2>/dev/null || fail "$bug: it ended as if nothing had happened"
	grep -q "ERROR: .*$1" "$tmp/stderr" || fail "$bug: no $1 in its report"
	pid=
}

answers() { # answers EXPECTED TOOL ARGUMENTS... looks for a piece of what the tool prints
	local got
	got=$("${@:2}" -p "$port" @127.0.0.1 2>&1) || true
	grep -qF -- "$1" <<<"$got" || fail "$bug: ${*:2}: no \"$1\" in: $got"
}

ordinary_questions() {
	answers 192.0.2.80 dig +short www.example A
	answers 2001:db8::80 kdig +short www.example AAAA
	answers 'www.example.' dig +short ftp.example A
	answers 'one string' dig +tcp +short text.example TXT
	answers '10 mail.example.' kdig +tcp +short example MX
	answers 'ns1.example. hostmaster.example. 2024010101' dig +short example SOA
	answers 'ns2.example.' dig +short example NS
	answers 'status: NXDOMAIN' dig nothing.example A
	answers 'status: REFUSED' dig www.example.org A
	answers 'status: NOTIMP' dig +opcode=2 www.example A
	answers 'status: BADVERS' dig +edns=1 +noednsnegotiation www.example A
	answers 'flags: qr aa tc' dig +ignore +noedns txt17.big.example TXT
	answers 'ANSWER: 17' dig txt17.big.example TXT
	answers 'SOA	ns1.example. hostmaster.example.' dig dyn.example AXFR
	answers 'XFR size: 92 records (messages 2' dig big.example AXFR
}

updates() {
	printf '%s\n' "server 127.0.0.1 $port" 'zone dyn.example' 'prereq nxdomain new.dyn.example' \
		'update add new.dyn.example 60 A 192.0.2.200' 'update delete dyn.example SOA' send |
		nsupdate || fail "$bug: UPDATE"
	answers 192.0.2.200 dig +short new.dyn.example A
	answers 'hostmaster.example. 101 ' dig +short dyn.example SOA
}

resident_kb() {
	awk '/VmRSS/ { print $2 }' "/proc/$pid/status"
}

descriptors() {
	find "/proc/$pid/fd" -type l | wc -l
}

# What each bug's trigger has to lead to; peer.py has looked at the answers by then.

shows_overread() {
	ended_with_report heap-buffer-overflow
}

shows_hang() { # the process burns time instead of waiting
	local i ticks
	peer silent udp
	ticks=$(cut -d ' ' -f 14 "/proc/$pid/stat")
	for ((i = 0; i < 300; i++)); do
		(($(cut -d ' ' -f 14 "/proc/$pid/stat") < ticks + 20)) || return 0
		sleep 0.1
	done
	fail 'hang: it sleeps'
}

shows_leak() {
	local before
	before=$(resident_kb)
	peer trigger leak
	(($(resident_kb) > before + 3500)) || fail "leak: $before kB before, $(resident_kb) kB behind"
}

shows_fdleak() {
	(($(descriptors) > 100)) || fail "fdleak: $(descriptors) descriptors"
	peer trigger fdleak
	peer trigger fdleak
	peer silent tcp
	peer answers udp
}

shows_state() {
	ended_with 6
}

shows_wrong_length() {
	peer answers udp
}

shows_mixup() {
	peer answers udp
}

shows_crash_a() {
	ended_with 11
}

shows_crash_b() {
	ended_with 6
	grep -q 'Assertion .* failed' "$tmp/stderr" || fail 'crash-b: no assertion'
}

check_bug() { # check_bug NAME [PROGRAM]
	bug=$1
	start "${2:-$plain}" "$bug"
	ordinary_questions
	local files
	files=$(descriptors)
	peer replay "$captures"
	peer answers tcp
	(($(descriptors) == files)) || fail "$bug: $files descriptors became $(descriptors)"
	peer trigger "$bug" || fail "$bug"
	"shows_${bug//-/_}"
	stop
	echo "ok $bug"
}

ends_without_leak() { # at exit AddressSanitizer looks for memory that nothing points to any more
	kill -TERM "$pid"
	exits
	wait "$pid" || fail "$bug: it ended with status $?"
	pid=
}

check_leak_report() {
	bug=leak
	start "$asan" leak
	peer replay "$captures"
	ends_without_leak
	start "$asan" leak
	peer trigger leak
	kill -TERM "$pid"
	ended_with_report LeakSanitizer
}

check_none() {
	bug=none
	start "$asan" none
	ordinary_questions
	updates
	peer replay "$captures"
	peer storm "$captures" 5000 1 # memory that is needed once and kept
	local before files
	before=$(resident_kb) files=$(descriptors)
	peer storm "$captures" 20000 2
	(($(resident_kb) < before + 1024)) || fail "none: $before kB grew to $(resident_kb) kB"
	for trigger in leak fdleak; do
		peer trigger "$trigger"
	done
	peer answers tcp
	(($(descriptors) == files)) || fail "none: $files descriptors became $(descriptors)"
	ordinary_questions
	ends_without_leak
	echo 'ok none'
}

check_none
check_leak_report
check_bug overread "$asan"
for bug in hang leak fdleak state wrong-length mixup crash-a crash-b; do
	check_bug "$bug"
done
