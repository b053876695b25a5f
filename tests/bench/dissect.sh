#!/bin/bash
# dissect.sh [--quick]: every message of a big DNS capture taken apart, by meddle and by tshark; and
# the packets only read, by libpcap.
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
need tshark tshark

packets=$(size 200000 2000)
runs=$(size 7 1)
slow_runs=$(size 3 1)
# Of all kinds, 55,800 flows of two messages and a few; and of one client with few ports, as dnsperf asks.
"$programs/bench_many" "$packets" 1000 "$work/many.pcap" "$source"/pcaps/dns/*.pcap*
"$programs/bench_many" -c 10.0.0.1 "$packets" 1000 "$work/few.pcap" "$source/pcaps/dns/dnsperf.pcap"

ours() {
	local name=$1 file=$work/$2.pcap
	shift 2
	cost "$name" "$packets" "$meddle" show "$@" "$file"
}

shark() {
	local name=$1 file=$work/$2.pcap
	shift 2
	cost "$name" "$packets" tshark -n -r "$file" "$@"
}

lines() {
	[ "$(wc -l < "$work/out")" -eq "$packets" ] || broken "$1 does not show $packets messages"
}

for ((i = 0; i < runs; i++)); do
	for file in many few; do
		cost "libpcap.$file" "$packets" "$programs/bench_read" "$work/$file.pcap"
		ours "quiet.$file" $file --quiet
		grep -q "$packets messages" "$work/err" || broken "meddle does not say $packets messages"
		ours "summary.$file" $file --summary
		shark "fields.$file" $file -T fields -e dns.id
		lines tshark
		shark "tree.$file" $file -q -z dns,tree
	done
	ours text many
	ours json many --json
	lines meddle
done
for ((i = 0; i < slow_runs; i++)); do
	shark lines many
	shark full many -V
	shark full_json many -T json
done

# table FILE: what is measured of both
table() {
	row "libpcap: only read" "libpcap.$1" "quiet.$1"
	row "meddle show --quiet: all taken apart" "quiet.$1" "quiet.$1"
	row "meddle show --summary: counted, paired" "summary.$1" "quiet.$1"
	row "tshark -q -z dns,tree: counted" "tree.$1" "quiet.$1"
	row "tshark -T fields -e dns.id: one field" "fields.$1" "quiet.$1"
}

echo "dissect: $packets packets, median of $runs runs ($slow_runs of tshark's lines, -V and -T json)"
header "a message" messages
echo "many clients, a flow for each few messages"
table many
row "meddle show: a line each" text quiet.many
row "tshark: a line each" lines quiet.many
row "meddle show --json: all fields" json quiet.many
row "tshark -V: all fields" full quiet.many
row "tshark -T json: all fields" full_json quiet.many
echo "one client, few flows"
table few
for file in many few; do
	target "$file: tshark printing one field, in times of --quiet" \
		"$(ratio "$(unit fields.$file)" "$(unit quiet.$file)")" at-least 30
	target "$file: --quiet, in times of only reading" \
		"$(ratio "$(unit quiet.$file)" "$(unit libpcap.$file)")" at-most 8
done
