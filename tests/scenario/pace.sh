#!/bin/bash
# What the paces of `meddle replay` send: always all of it, in the order of the capture where order is
# promised, and not faster than they say. Nothing here fails for being slow.
set -euo pipefail
. "$MEDDLE_SOURCE/tests/scenario/lib.sh"
. "$MEDDLE_SOURCE/tests/scenario/servers.sh"
need knotd dig jq

summary() { # summary NAME: a number of the last JSON line
	jq -s "last.$1" "$work/out"
}

play() { # play CAPTURE SPEED OPTIONS...
	local before=${EPOCHREALTIME/./}
	run 0 replay "$captures/$1" --to "127.0.0.1:$port" --json --speed "${@:2}"
	took=$((${EPOCHREALTIME/./} - before))
}

at_least() { # at_least MILLISECONDS: what the pace alone takes
	((took >= $1 * 1000)) || fail "over in $took us, before $1 ms"
}

free_port
example_zone
knot_example
start_server

# 18 requests, recorded within 31 ms
play knot-basic.pcap original
[[ $(summary requests) == 18 && $(summary answers) == 18 ]] || fail 'original: not all'
at_least 30
play knot-basic.pcap x0.5
[[ $(summary requests) == 18 ]] || fail 'x0.5: not all'
at_least 60
play knot-basic.pcap x10
[[ $(summary requests) == 18 ]] || fail 'x10: not all'
at_least 3
play knot-basic.pcap 100/s
[[ $(summary requests) == 18 ]] || fail '100/s: not all'
at_least 169
play knot-basic.pcap top
[[ $(summary requests) == 18 && $(summary conversations) == 1 ]] || fail 'top: not one client'
play knot-basic.pcap top --clients 4
[[ $(summary requests) == 18 && $(summary conversations) == 4 ]] || fail 'top: not four clients'
play knot-basic.pcap top --window 1
[[ $(summary requests) == 18 && $(summary same) == 18 ]] || fail 'window: not all'
play knot-basic.pcap 1000/s --open-loop
[[ $(summary requests) == 18 && $(summary same) == 18 ]] || fail 'open loop: not all'

# over streams too, where one connection carries many
play tcp.pcap x10
[[ $(summary conversations) == 4 && $(summary requests) == 28 ]] || fail 'tcp x10: not all'
play tcp.pcap 200/s
[[ $(summary requests) == 28 ]] || fail 'tcp 200/s: not all'
at_least 134
play tcp.pcap top --at-once 1
[[ $(summary requests) == 28 && $(summary same) == 28 ]] || fail 'tcp top: not all'
stop_servers

# a server that writes down what it hears shows the order
need python3
cat >"$work/listen.py" <<'END'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 0))
print(s.getsockname()[1], flush=True)
while True:
    m, peer = s.recvfrom(65535)
    print(m[:2].hex(), flush=True)
    s.sendto(m[:2] + b'\x80' + m[3:], peer)
END
ids() { # of the requests in a capture, as they stand there
	"$meddle" show --json "$1" | jq -r 'select(.dir == "c2s") | .dns.id' | xargs printf '%04x\n'
}

ids "$captures/knot-basic.pcap" >"$work/expected"
for speed in original x100 1000/s; do
	rm -f "$work/heard"
	python3 "$work/listen.py" >"$work/heard" &
	pids+=($!)
	within 10 test -s "$work/heard" || fail 'the listener does not start'
	port=$(head -n 1 "$work/heard")
	run 1 replay "$captures/knot-basic.pcap" --to "udp://127.0.0.1:$port" --speed "$speed" -q
	tail -n +2 "$work/heard" | cmp - "$work/expected" || fail "$speed: in another order"
	stop_servers
done
