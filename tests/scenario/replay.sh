#!/bin/bash
# A capture played to the kind of server that it was recorded from: everything is as recorded, over both
# carriers and both families. With another zone behind the server, what changed is named, and nothing
# else.
#
# usage: replay.sh dnsmasq|knot|nsd|unbound|named
set -euo pipefail
. "$MEDDLE_SOURCE/tests/scenario/lib.sh"
. "$MEDDLE_SOURCE/tests/scenario/servers.sh"
need dig

# Another address for www, no text at all, and nothing else.
changed=(-e 's/192\.0\.2\.80$/192.0.2.180/' -e '/^text/,/quotes/d')

# as_recorded CAPTURE OPTIONS...: to the server at $port, without a difference
as_recorded() {
	run 0 replay "$1" "${@:2}"
	says ' 0 differ, 0 missing, 0 extra'
	says_not 'left out'
}

# flows_as_recorded CAPTURE NUMBERS OPTIONS...: only these conversations, one after the other
flows_as_recorded() {
	local flow
	for flow in $2; do
		as_recorded "$1" --flow "$flow" "${@:3}"
	done
}

both_families() {
	as_recorded "$@" --to "127.0.0.1:$port"
	as_recorded "$@" --to "[::1]:$port"
}

# differs CAPTURE OPTIONS...: and says what
differs() {
	run 1 replay "$1" --to "127.0.0.1:$port" -v "${@:2}"
	says ' 0 missing, 0 extra'
	says '.address: 192.0.2.80 -> 192.0.2.180'
}

lost_text() {
	says 'dns.flags.rcode: NOERROR (0) -> NXDOMAIN (3)'
	says 'only in the first: {6} text.example TXT (16) IN (1) 3600 "one string"'
}

replay_knot() {
	example_zone
	knot_example
	start_server
	both_families "$captures/knot-basic.pcap"
	both_families "$captures/knot-basic.pcap" --speed top
	both_families "$captures/knot-axfr.pcap"
	both_families "$captures/tcp.pcap"
	stop_servers

	knot_big
	start_server
	both_families "$captures/truncation.pcap"
	stop_servers

	# what is updated can be transferred in steps
	knot_dyn neighbours
	start_server
	flows_as_recorded "$captures/knot-update.pcap" '1 2' --to "127.0.0.1:$port"
	as_recorded "$captures/knot-ixfr.pcap" --to "127.0.0.1:$port"
	stop_servers

	knot_dyn signed
	start_server
	# the third was signed with a wrong secret; with the key it would be signed rightly
	flows_as_recorded "$captures/knot-update-tsig.pcap" '1 2 4' --to "127.0.0.1:$port" \
		--set "dns.tsig-key=$tsig"
	run 1 replay "$captures/knot-update-tsig.pcap" --to "127.0.0.1:$port"
	says 'NOERROR (0) -> NOTAUTH (9)'
	stop_servers

	example_zone "${changed[@]}"
	knot_example
	start_server
	differs "$captures/knot-basic.pcap"
	lost_text
	says '18 requests, 18 answers; 13 as recorded, 5 differ'
	differs "$captures/knot-basic.pcap" --tolerate dns.answer
	says '1  dns.flags.rcode'
	run 1 replay "$captures/knot-axfr.pcap" --to "127.0.0.1:$port"
	says 'only in the first: {6} text.example TXT'
}

replay_nsd() {
	example_zone
	nsd_example
	start_server
	both_families "$captures/nsd-basic.pcap"
	both_families "$captures/ipv6.pcap"
	as_recorded "$captures/nsd-axfr.pcap" --to "127.0.0.1:$port" --set "dns.tsig-key=$tsig"
	stop_servers

	nsd_example 'minimal-responses: yes'
	start_server
	as_recorded "$captures/dnsperf.pcap" --to "127.0.0.1:$port" --speed top
	stop_servers

	example_zone "${changed[@]}"
	nsd_example
	start_server
	differs "$captures/nsd-basic.pcap"
	lost_text
}

replay_named() {
	example_zone
	big_zone >"$work/big.zone"
	cp "$zones/dyn.zone" "$work/dyn.zone"
	named_example <<-END
		zone "big.example" { type primary; file "$work/big.zone"; allow-transfer { any; }; };
		zone "dyn.example" {
			type primary;
			file "$work/dyn.zone";
			allow-update { key "$tsig_name"; };
		};
	END
	start_server
	both_families "$captures/bind9-basic.pcap"
	both_families "$captures/edns.pcapng"
	both_families "$captures/bind9-axfr.pcap" --set "dns.tsig-key=$tsig"
	flows_as_recorded "$captures/bind9-update-tsig.pcap" '1 2 4 5' --to "127.0.0.1:$port" \
		--set "dns.tsig-key=$tsig"
	stop_servers

	example_zone "${changed[@]}"
	named_example </dev/null
	start_server
	differs "$captures/bind9-basic.pcap"
}

replay_dnsmasq() {
	dnsmasq_example
	start_server
	both_families "$captures/dnsmasq-basic.pcap"
	stop_servers

	dnsmasq_example -e 's/www.example,192.0.2.80/www.example,192.0.2.180/' -e /txt-record/d
	start_server
	differs "$captures/dnsmasq-basic.pcap"
	says 'only in the first: {6} text.example TXT'
}

# The client's side only: what the resolver asked of others then is not for it.
clients_of() { # clients_of CAPTURE
	need tcpdump
	tcpdump -r "$1" -w "$work/clients.pcap" host 192.0.2.2 2>"$work/err" || fail "tcpdump $1"
}

replay_unbound() {
	local upstream
	need knotd
	clients_of "$captures/unbound-recursive.pcap"
	example_zone
	knot_example
	start_server
	upstream=$port
	free_port
	unbound_example "$upstream"
	start_server
	# what comes from a cache has aged
	as_recorded "$work/clients.pcap" --to "127.0.0.1:$port" --tolerate dns.ttl
	as_recorded "$work/clients.pcap" --to "[::1]:$port" --tolerate dns.ttl
	stop_servers

	port=$upstream
	example_zone "${changed[@]}"
	knot_example
	start_server
	free_port
	unbound_example "$upstream"
	start_server
	differs "$work/clients.pcap" --tolerate dns.ttl
	lost_text
}

case $1 in
knot) need knotd ;;
*) need "$1" ;;
esac
free_port
"replay_$1"
