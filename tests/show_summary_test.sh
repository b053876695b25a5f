#!/bin/bash
# What `meddle show --summary` says of recordings, and that it says the same as JSON.
set -eu

summary() {
	"$MEDDLE_BUILD/meddle" show --summary "$@" 2> /dev/null
}

# says FILE LINE...: the summary has these lines
says() {
	local file=$1
	shift
	for line in "$@"; do
		summary "$MEDDLE_SOURCE/pcaps/dns/$file" | grep -qF "$line" ||
			{ echo "FAILED: $file does not say: $line"; summary "$MEDDLE_SOURCE/pcaps/dns/$file"; exit 1; }
	done
}

says unbound-recursive.pcap 'dns over udp: 30 flows; 30 messages to servers' '30 of 30 requests answered'
says nobody.pcap '0 of 2 requests answered'
says errors.pcapng '2  an EDNS version above 0' '3  QUERY REFUSED' 'dns over tcp: 1 flows'
says bind9-axfr.pcap 'requests answered' 'dns over tcp'

json=$(summary --json "$MEDDLE_SOURCE/pcaps/dns/errors.pcapng")
[ "$(wc -l <<< "$json")" = 2 ]
grep -q '"protocol":"dns","carrier":"udp","flows":13,"requests":13.*"answered":13' <<< "$json"
grep -q '"odd":{"an EDNS version above 0":2' <<< "$json"
