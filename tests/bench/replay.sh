#!/bin/bash
# replay.sh [--quick]: questions sent as fast as they go: by `meddle replay --speed top`, by tcpreplay
# from memory, and by a loop of sendmmsg, which is what this machine can send. All through the same
# cable between two namespaces to the same counting receiver.
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
need tcpreplay tcpreplay
in_namespace "$0" "$@"

questions=$(size 200000 1000)
runs=$(size 7 1)
far_side
run_first
sink_start nsenter -t "$far" -n "$programs/bench_sink" 10.9.0.2
"$programs/bench_many" -q -c 10.9.0.1 -s "10.9.0.2:$port" "$questions" 100 "$work/big.pcap" \
	"$source"/pcaps/dns/*.pcap*
"$programs/bench_many" -q -c 10.9.0.1 -s 10.9.0.2:53 "$questions" 100 "$work/dns.pcap" \
	"$source"/pcaps/dns/*.pcap*

# said NAME PATTERN: the rate that a program itself said, without the time it took to read the file
said() {
	grep -oP "$2" "$work/out" >> "$work/rate.$1" || broken "$1: $(cat "$work/out" "$work/err")"
}

for ((i = 0; i < runs; i++)); do
	cost limit "$questions" "${first[@]}" "$programs/bench_send" 10.9.0.2 "$port" "$work/dns.pcap" 1
	said limit '[0-9]+(?= a second)'
	cost ours "$questions" "${first[@]}" "$meddle" replay "$work/dns.pcap" --to "udp://10.9.0.2:$port" \
		--speed top --window 0 --patience 100ms -q
	grep -q "sent $questions messages" "$work/out" || broken "meddle: $(cat "$work/out" "$work/err")"
	said ours '[0-9]+(?= messages/s)'
	cost theirs "$questions" "${first[@]}" tcpreplay -i near -t -K "$work/big.pcap"
	said theirs '[0-9.]+(?= pps)'
done
sink_stop
received=$(grep -oP '^[0-9]+(?= datagrams)' "$work/sink.out")

rate() {
	median < "$work/rate.$1"
}

echo "replay: $questions questions, median of $runs runs, ${first[*]:-no chrt}; the receiver got $received of $((3 * runs * questions))"
header "a message" messages
row "sendmmsg, nothing else" limit ours
row "meddle replay --speed top" ours ours
row "tcpreplay --topspeed --preload-pcap" theirs ours
printf '%-46s %14s\n' "" "messages/s"
printf '%-46s %14.0f\n' "sendmmsg, nothing else" "$(rate limit)" "meddle replay --speed top" "$(rate ours)" \
	"tcpreplay --topspeed --preload-pcap" "$(rate theirs)"
target "messages/s" "$(rate ours)" at-least \
	"$(awk -v limit="$(rate limit)" 'BEGIN { print (limit < 150000 ? limit : 150000) }')"
target "meddle's rate in times of tcpreplay's" "$(ratio "$(rate ours)" "$(rate theirs)")" at-least 1.3
