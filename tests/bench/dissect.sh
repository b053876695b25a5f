#!/bin/bash
# dissect.sh [--quick]: every message of a big DNS capture taken apart, by meddle and by tshark; and
# the packets only read, by libpcap.
. "$(dirname "$0")/lib.sh"
need tshark tshark

packets=$(size 200000 2000)
runs=$(size 7 1)
slow_runs=$(size 3 1)
big=$work/big.pcap
"$programs/bench_many" "$packets" 1000 "$big" "$source"/pcaps/dns/*.pcap*

ours() {
	local name=$1
	shift
	cost "$name" "$packets" "$meddle" show "$@" "$big"
}

shark() {
	local name=$1
	shift
	cost "$name" "$packets" tshark -n -r "$big" "$@"
}

for ((i = 0; i < runs; i++)); do
	cost libpcap "$packets" "$programs/bench_read" "$big"
	ours quiet --quiet
	grep -q "$packets messages" "$work/err" || broken "meddle does not say $packets messages"
	ours summary --summary
	ours text
	ours json --json
	[ "$(wc -l < "$work/out")" -eq "$packets" ] || broken "meddle does not show $packets messages"
	shark fields -T fields -e dns.id
	[ "$(wc -l < "$work/out")" -eq "$packets" ] || broken "tshark does not read $packets packets"
	shark tree -q -z dns,tree
done
for ((i = 0; i < slow_runs; i++)); do
	shark lines
	shark full -V
	shark full_json -T json
done

echo "dissect: $packets packets, median of $runs runs ($slow_runs of the last three)"
header "a message" messages
row "libpcap: only read" libpcap quiet
row "meddle show --quiet: all taken apart" quiet quiet
row "meddle show --summary: and counted, paired" summary quiet
row "meddle show: a line each" text quiet
row "meddle show --json: all fields" json quiet
row "tshark -q -z dns,tree: counted" tree quiet
row "tshark -T fields -e dns.id: one field" fields quiet
row "tshark: a line each" lines quiet
row "tshark -V: all fields" full quiet
row "tshark -T json: all fields" full_json quiet
target "tshark printing one field, in times of --quiet" \
	"$(ratio "$(unit fields)" "$(unit quiet)")" at-least 30
target "tshark counting, in times of --summary" \
	"$(ratio "$(unit tree)" "$(unit summary)")" at-least 5
target "--quiet, in times of only reading" "$(ratio "$(unit quiet)" "$(unit libpcap)")" at-most 8
