# shellcheck shell=bash
# The ground that captures are recorded on: two namespaces joined by a cable, so that the traffic
# goes nowhere else, and so that every address is one of those that documents may use.
#
#     client 192.0.2.2 2001:db8::2 --------- 192.0.2.1 2001:db8::1 server
#            and .3 to .5, ::3 to ::5 for servers     and .9, ::9 where nobody listens
#            that the server itself talks to
#
# Sourced by the recording scripts. Everything made is taken down again on any exit.

client=mdl-c-$$ server=mdl-s-$$ # the namespaces
tmp=                            # configurations, logs and key files of this run
capture=                        # process id of the capture that runs, if one does
pids=()                         # process ids of the servers that run

# need COMMAND:PACKAGE... refuses with the packages that are missing, all at once.
need() {
	local pair missing=
	for pair in "$@"; do
		command -v "${pair%%:*}" >/dev/null || [[ " $missing " == *" ${pair#*:} "* ]] ||
			missing+=" ${pair#*:}"
	done
	if [[ -n $missing ]]; then
		echo "$0: please install first: apt-get install$missing" >&2
		exit 1
	fi
	if ((EUID != 0)); then
		echo "$0: making network namespaces needs root" >&2
		exit 1
	fi
}

ground_up() {
	tmp=$(mktemp -d)
	trap ground_down EXIT
	trap 'exit 130' INT TERM HUP
	ip netns add "$client"
	ip netns add "$server"
	ip link add eth0 netns "$client" address 02:00:00:00:00:02 type veth \
		peer name eth0 netns "$server" address 02:00:00:00:00:01
	plug "$client" 2 3 4 5
	plug "$server" 1 9
}

# plug NAMESPACE HOST... gives the end of the cable its addresses; what does not say otherwise comes
# from the first. Checksums and segments are made in software, so that the capture shows what a wire
# would.
plug() {
	local ns=$1 host preferred=forever
	ip netns exec "$ns" ethtool -K eth0 tx off gso off tso off gro off >/dev/null
	ip -n "$ns" link set lo up
	ip -n "$ns" link set eth0 up
	for host in "${@:2}"; do
		ip -n "$ns" address add "192.0.2.$host/24" dev eth0
		ip -n "$ns" address add "2001:db8::$host/64" dev eth0 nodad \
			preferred_lft "$preferred"
		preferred=0
	done
}

ground_down() {
	local ns pid
	trap - EXIT
	for ns in "$client" "$server"; do
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null || true
		done
		ip netns del "$ns" 2>/dev/null || true
	done
	wait 2>/dev/null
	rm -rf "$tmp"
}

# mtu BYTES, for both ends of the cable.
mtu() {
	ip -n "$client" link set eth0 mtu "$1"
	ip -n "$server" link set eth0 mtu "$1"
}

# start NAMESPACE COMMAND... runs a server in the foreground of its own, and remembers it.
start() {
	ip netns exec "$1" "${@:2}" >"$tmp/server.log" 2>&1 &
	pids+=($!)
}

# until_true COMMAND... tries for ten seconds; what the server said is shown if it never is.
until_true() {
	local i
	for ((i = 0; i < 100; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	echo "$0: gave up waiting for: $*" >&2
	tail -n 20 "$tmp/server.log" >&2
	return 1
}

stop_servers() {
	local pid
	for pid in "${pids[@]}"; do
		kill -TERM "$pid" 2>/dev/null || true
	done
	for pid in "${pids[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
	pids=()
}

# client COMMAND... must succeed; maybe COMMAND... may complain, for requests that are refused.
client() {
	ip netns exec "$client" "$@" >"$tmp/client.log" 2>&1 && return 0
	echo "$0: failed: $*" >&2
	tail -n 20 "$tmp/client.log" >&2
	return 1
}

maybe() {
	ip netns exec "$client" "$@" >"$tmp/client.log" 2>&1 || true
}

# capture_start FILE FILTER [FORMAT] records at the server's end of the cable. Formats: classic
# (microseconds), nano (classic with nanoseconds), pcapng, cooked (every interface, Linux cooked v2),
# cooked1 (the same, v1).
capture_start() {
	local how=(tcpdump -Z root -s 0)
	case ${3:-classic} in
	classic) how+=(-i eth0) ;;
	nano) how+=(-i eth0 --time-stamp-precision=nano) ;;
	cooked) how+=(-i any -y LINUX_SLL2) ;;
	cooked1) how+=(-i any -y LINUX_SLL) ;;
	pcapng) how=(dumpcap -q -i eth0 -s 0) ;;
	esac
	if [[ ${how[0]} == dumpcap ]]; then
		how+=(-f "$2" -w "$1")
	else
		how+=(-w "$1" "$2")
	fi
	ip netns exec "$server" "${how[@]}" 2>"$tmp/capture.log" &
	capture=$!
	until_true grep -qiE '^(File:|.*listening on)' "$tmp/capture.log"
}

# dumpcap writes what machine it ran on; nobody needs that. Same length, so that the file stays whole.
anonymise() { # anonymise FILE
	local key text
	for key in hardware oper-sys; do
		text=$(capinfos "$1" | sed -n "s/^Capture $key: *//p")
		[[ -z $text ]] || TEXT=$text perl -pi -e 's/\Q$ENV{TEXT}\E/"-" x length($&)/ge' "$1"
	done
}

# The kernel hands packets over when a block is full or a second old, so the last ones need that
# long. A capture that lost some is not worth keeping.
capture_stop() {
	sleep 1.2
	kill -TERM "$capture"
	wait "$capture" || true
	capture=
	if grep -qE '[1-9][0-9]* packets? dropped by kernel|/[1-9][0-9]* \(pcap' "$tmp/capture.log"; then
		cat "$tmp/capture.log" >&2
		return 1
	fi
}
