#!/bin/bash
# Captures that are empty, cut, broken, enormous, of another kind, or no captures at all.
set -euo pipefail
. "$MEDDLE_SOURCE/tests/badinput/lib.sh"
need python3

cd "$work"
good=$captures/knot-basic.pcap
nobody=udp://127.0.0.1:9 # nothing gets as far as asking it

# the same for all that read captures
everybody_refuses() { # everybody_refuses TEXT FILE
	refused "$1" show "$2"
	refused "$1" replay "$2" --to "$nobody"
	refused "$1" fuzz "$2" --to "$nobody" --out "$work/campaign"
	[[ ! -e $work/campaign ]] || fail 'it has made a campaign of it'
}

everybody_refuses 'nothere.pcap: No such file or directory' nothere.pcap
: >empty.pcap
everybody_refuses 'empty.pcap: the file is empty' empty.pcap
head -c 10 "$good" >short.pcap
everybody_refuses 'short.pcap: truncated' short.pcap
head -c 30 "$good" >first.pcap
everybody_refuses 'first.pcap: cut off before the first packet is whole' first.pcap
head -c 1000 /dev/urandom | sed '1s/^/no capture/' >trash.pcap
everybody_refuses 'trash.pcap: not a capture: expected pcap or pcapng' trash.pcap
mkdir empty
everybody_refuses 'empty: no captures (.pcap, .pcapng, .cap) and no traces (.trace)' empty
printf 'meddle-trace 1\nprotocol: dns\ncarrier: dgram\n> 0 \xff\xfe\x00\x01\n' >trash.trace
everybody_refuses 'trash.trace:4: ' trash.trace
{ printf 'meddle-trace 1\n' && head -c 100000 /dev/urandom; } >random.trace
everybody_refuses 'random.trace:' random.trace
printf 'meddle-trace 2\nprotocol: dns\ncarrier: dgram\n' >newer.trace
everybody_refuses 'newer.trace:1: expected "meddle-trace 1"' newer.trace
python3 -c 'import sys; sys.stdout.buffer.write(b"meddle-trace 1\nprotocol: " + b"x" * 3000000)' >long.trace
everybody_refuses 'long.trace:' long.trace

# packets, but none that can be played
head -c 24 "$good" >none.pcap
tried 0 show none.pcap
says '0 packets' err
refused 'none.pcap: no conversation in 1 files, 0 packets' replay none.pcap --to "$nobody"
link_type() { # link_type NUMBER
	head -c 20 "$good"
	printf "\\x$(printf %02x "$1")\\0\\0\\0"
	tail -c +25 "$good"
}
link_type 105 >wlan.pcap
tried 0 show wlan.pcap
says '36 packets, 0 of them IP, 36 link type 105' err
refused 'wlan.pcap: no conversation in 1 files, 36 packets' replay wlan.pcap --to "$nobody"
says '36 link type 105' err

# what there is counts, and what is missing is said
head -c 1000 "$good" >cut.pcap
tried 0 show cut.pcap
says '9 packets, 9 of them IP; the file ends in the middle of a packet' err
tried 1 replay cut.pcap --to "$nobody" --patience 50ms
says 'the file ends in the middle of a packet' err
if command -v editcap >/dev/null; then
	editcap -s 60 "$good" snapped.pcap
	tried 0 show snapped.pcap
	says '36 cut by the snap length' err
	tried 1 replay snapped.pcap --to "$nobody" --patience 50ms
	says '36 cut by the snap length' err
fi

# sizes that are lies, and one that is not
claim() { # claim BYTES: a packet header that says so, in front of the good ones
	head -c 24 "$good"
	python3 -c "import struct, sys; sys.stdout.buffer.write(struct.pack('<IIII', 1, 1, $1, $1))"
	tail -c +25 "$good"
}
claim 0xffffffff >claim.pcap
everybody_refuses 'claim.pcap: packet 1 at byte 24: invalid packet capture length 4294967295' claim.pcap
claim 0x7fffffff >half.pcap
everybody_refuses 'half.pcap: packet 1 at byte 24: ' half.pcap
truncate -s 5G hole.pcap
everybody_refuses 'hole.pcap: not a capture' hole.pcap
{ cat "$good" && printf '\xff%.0s' {1..16}; } >big.pcap
truncate -s 5G big.pcap
refused 'big.pcap: packet 37 at byte ' show big.pcap
truncate -s 5G long.trace
refused 'long.trace:' replay long.trace --to "$nobody"

# single bits of the headers, and of what is in the packets
PYTHONDONTWRITEBYTECODE=1 python3 "$MEDDLE_SOURCE/tests/badinput/flips.py" "$meddle" "$work" \
	"$captures"/{knot-basic.pcap,nsd-cookie.pcapng,dnsperf.pcap,cares.pcap,tcp.pcap} ||
	fail 'flips: see above'
