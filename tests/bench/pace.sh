#!/bin/bash
# pace.sh [--quick]: questions recorded a millisecond apart, played at the times of the recording by
# meddle and by tcpreplay, through the same cable between two namespaces. How far each is from where
# it should be, seen at the far end by the kernel's clock.
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
need tcpreplay tcpreplay
in_namespace "$0" "$@"

questions=$(size 5000 100)
runs=$(size 3 1)
far_side
run_first

# record PORT FILE: the questions, to that port of the far side
record() {
	"$programs/bench_many" -q -c 10.9.0.1 -s "10.9.0.2:$1" "$questions" 1000 "$2" "$source"/pcaps/dns/*.pcap*
}

# errors: "drift-in-percent p50-in-us p99-in-us" of moments in ns, a line each, against one a
# millisecond. Where the first fiftieth is, in the middle, is where the others should be: a delay that
# all have is no error, and one packet that is late is one error.
errors() {
	awk '{ us = substr($1, 6) / 1000; if (NR == 1) first = us; printf "%.3f\n", us - first - (NR - 1) * 1000 }' \
		"$1" > "$work/late"
	[ "$(wc -l < "$work/late")" -eq "$questions" ] ||
		broken "$name: $(wc -l < "$work/late") of $questions arrived; $(cat "$work/out")"
	local some=$((questions / 50))
	awk -v n="$questions" -v from="$(head -n $some "$work/late" | median)" \
		-v to="$(tail -n $some "$work/late" | median)" '
		function size(x) { return x < 0 ? -x : x }
		{ print size($1 - from) | "sort -g" }
		END { print size(to - from) / (n * 10) > "/dev/stderr" }' "$work/late" \
		2> "$work/drift" > "$work/sizes"
	awk -v n="$questions" -v drift="$(cat "$work/drift")" '
		{ v[NR] = $1 }
		END { print drift, v[int((n + 1) / 2)], v[int(n * 0.99)] }' "$work/sizes"
}

# play NAME COMMAND...: one run; PORT in the command is where the receiver listens
play() {
	local name=$1
	shift
	sink_start nsenter -t "$far" -n "$programs/bench_sink" 10.9.0.2 "$work/moments"
	record "$port" "$work/paced.pcap"
	cost "$name" "$questions" "${first[@]}" "${@//PORT/$port}"
	sink_stop
	errors "$work/moments" >> "$work/errors.$name"
}

record 53 "$work/dns.pcap"
for ((i = 0; i < runs; i++)); do
	play ours "$meddle" replay "$work/dns.pcap" --to udp://10.9.0.2:PORT --open-loop \
		--patience 100ms -q
	play theirs tcpreplay -i near "$work/paced.pcap"
	play anchored tcpreplay -i near --pps=1000 "$work/paced.pcap"
done

# error NAME N: median over the runs
error() {
	cut -d ' ' -f "$2" "$work/errors.$1" | median
}

line() {
	printf '%-40s %11.4f %% %9.1f us %9.1f us %9.1f us\n' "$1" "$(error "$2" 1)" "$(error "$2" 2)" \
		"$(error "$2" 3)" "$(unit "$2")"
}

echo "pace: $questions questions 1 ms apart, median of $runs runs, ${first[*]:-no chrt}"
printf '%-40s %13s %12s %12s %12s\n' "" "drift" "error p50" "error p99" "CPU each"
line "meddle replay" ours
line "tcpreplay" theirs
line "tcpreplay --pps=1000" anchored
target "meddle's drift in percent" "$(error ours 1)" at-most 0.1
target "meddle's p99 error in us" "$(error ours 3)" at-most 200
echo "ratio of p99 errors, tcpreplay to meddle: $(ratio "$(error theirs 3)" "$(error ours 3)")"
