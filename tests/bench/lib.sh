# shellcheck shell=bash
# What the benchmarks in this folder share. Sourced, with the script's arguments.
# shellcheck disable=SC2034  # what is set here is used there
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(cd "$here/../.." && pwd)
build=${MEDDLE_BUILD:-$source/build/release}
meddle=$build/meddle
programs=$build/tests/bench
work=$(mktemp -d)
mourners=()
trap cleanup EXIT
trap 'exit 1' INT TERM

quick=no
[ "${1:-}" = --quick ] && quick=yes

cleanup() {
	for pid in "${mourners[@]}"; do
		kill "$pid" 2> /dev/null || true
	done
	rm -rf "$work"
}

# ended_with_us PID: a child to be ended, whatever happens
ended_with_us() {
	mourners+=("$1")
}

broken() {
	echo "BROKEN: $*" >&2
	exit 1
}

# need PROGRAM PACKAGE: the benchmark cannot do without
need() {
	command -v "$1" > /dev/null || { echo "$1 is missing; Debian has it in the package $2"; exit 2; }
}

[ -x "$meddle" ] || { echo "no $meddle: cmake --workflow --preset release"; exit 2; }

# size FULL QUICK: how much of something is done
size() {
	if [ $quick = yes ]; then echo "$2"; else echo "$1"; fi
}

# cost NAME THINGS COMMAND...: runs it, its output goes to $work/out and $work/err; remembers seconds
# of CPU and of time, and how many things it did
cost() {
	local name=$1 times TIMEFORMAT='%U %S %R'
	things[$name]=$2
	shift 2
	times=$({ time "$@" > "$work/out" 2> "$work/err"; } 2>&1) || true
	echo "$times" | awk '{ print $1 + $2, $3 }' >> "$work/cost.$name"
}
declare -A things

# median: of numbers, a line each
median() {
	sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# unit NAME: microseconds of CPU for each of its things, the median; not quite 0 where too short to see
unit() {
	local cpu
	cpu=$(cut -d ' ' -f 1 "$work/cost.$1" | median)
	awk -v cpu="$cpu" -v n="${things[$1]}" 'BEGIN { print (cpu > 0 ? cpu : 0.0005) * 1e6 / n }'
}

# ratio A B: A / B
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { print (b > 0 ? a / b : 0) }'
}

# header A-THING THINGS: of a table of rows
header() {
	printf '%-46s %14s %14s %9s\n' "" "CPU $1" "$2/CPU s" ratio
}

# row TEXT NAME BASE: CPU for each thing, things for a second of it, and how many times the CPU of BASE
row() {
	awk -v text="$1" -v u="$(unit "$2")" -v base="$(unit "$3")" 'BEGIN {
		printf "%-46s %11.3f us %14.0f %9.2f\n", text, u, 1e6 / u, u / base }'
}

# target TEXT VALUE at-least|at-most LIMIT: says whether it was met; a benchmark does not fail for that
target() {
	awk -v text="$1" -v v="$2" -v how="$3" -v limit="$4" 'BEGIN {
		met = how == "at-least" ? v >= limit : v <= limit
		printf "%s %s: %.4g, wanted %s %g\n", met ? "PASS" : "short of", text, v,
			how == "at-least" ? "at least" : "at most", limit }'
}

# run_first: sets $first to what makes a command go before all else on the machine, if we may: then the
# time that it takes is its own
run_first() {
	first=(chrt -f 10)
	"${first[@]}" true 2> /dev/null || first=()
}

# in_namespace SCRIPT ARGUMENTS...: the script starts itself anew in a network of its own, with lo up
in_namespace() {
	[ "${BENCH_NAMESPACE:-}" = yes ] && { ip link set lo up; return; }
	rm -rf "$work"
	local user=()
	[ "$(id -u)" = 0 ] || user=(--user --map-root-user)
	unshare "${user[@]}" --net true 2> /dev/null ||
		{ echo "skipped: no network namespaces for us here"; exit 77; }
	BENCH_NAMESPACE=yes exec unshare "${user[@]}" --net "$@"
}

# far_side: a second namespace at the other end of a cable: 10.9.0.1 here, 10.9.0.2 there; $far is a
# process in it. The far card has the address that bench_many writes.
far_side() {
	unshare --net sleep 1000000 &
	far=$!
	ended_with_us "$far"
	while [ "$(readlink "/proc/$far/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
	ip link add near type veth peer name far netns "$far"
	ip addr add 10.9.0.1/24 dev near
	ip link set near up
	nsenter -t "$far" -n ip link set far address 02:00:00:00:00:01
	nsenter -t "$far" -n ip addr add 10.9.0.2/24 dev far
	nsenter -t "$far" -n ip link set far up
}

# sink_start COMMAND...: bench_sink, perhaps in another namespace; sets $port
sink_start() {
	rm -f "$work/sink.in" "$work/sink.out"
	mkfifo "$work/sink.in"
	"$@" < "$work/sink.in" > "$work/sink.out" &
	ended_with_us $!
	sink=$!
	exec 8> "$work/sink.in"
	while [ ! -s "$work/sink.out" ]; do sleep 0.01; done
	port=$(head -n 1 "$work/sink.out")
}

# sink_stop: and waits until it has said what it saw
sink_stop() {
	exec 8>&-
	wait "$sink"
}
