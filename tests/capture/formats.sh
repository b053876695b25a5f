#!/bin/sh
# The same packets in every form that the tools at hand write give the same messages.
. "$MEDDLE_SOURCE/tests/capture/lib.sh"
need editcap mergecap

"$programs/packet_storm" 7 0 "$work/storm.pcap" "$work/truth" || fail packet_storm
dump "$work/storm.pcap" "$work/expected"

same() { # FILE WHAT
	dump "$1" "$work/dump"
	cmp -s "$work/dump" "$work/expected" || fail "$2"
}

for form in pcap nsecpcap pcapng; do
	editcap -F $form "$work/storm.pcap" "$work/a" 2> /dev/null || fail "editcap -F $form"
	same "$work/a" "as $form"
	same - "as $form through a pipe" < "$work/a"
done
for type in rawip rawip4; do
	for form in pcap pcapng; do
		editcap -F $form -C 14 -L -T $type "$work/storm.pcap" "$work/a" 2> /dev/null ||
			fail "editcap -T $type"
		same "$work/a" "as $type in $form"
	done
done

# Two halves with different link types and snap lengths, merged again, one behind the other.
editcap -F pcapng -r "$work/storm.pcap" "$work/first" 1-200 2> /dev/null
editcap -F pcapng -C 14 -L -T rawip "$work/storm.pcap" "$work/second" 1-200 2> /dev/null
mergecap -F pcapng -w "$work/merged" "$work/first" "$work/second" 2> /dev/null || fail mergecap
same "$work/merged" "merged, with two link types"
cat "$work/first" "$work/second" > "$work/sections"
same "$work/sections" "two sections"

# Cut packets are said, and their messages marked.
editcap -s 200 "$work/storm.pcap" "$work/snapped" 2> /dev/null
dump "$work/snapped" "$work/dump"
grep -q "cut by the snap length" "$work/dump.said" || fail "the snap length is not said"
grep -q "bytes lost" "$work/dump.said" || fail "what the snap length cost is not said"

# A file that was cut off is read as far as it goes.
head -c 100000 "$work/storm.pcap" > "$work/short"
dump "$work/short" "$work/dump"
grep -q "the file ends in the middle of a packet" "$work/dump.said" || fail "a short file"
[ -s "$work/dump" ] || fail "a short file gave nothing"
