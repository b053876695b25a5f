#!/bin/sh
# Segments doubled, swapped and cut otherwise come out as they were sent; Wireshark says the same.
# With segments missing in the capture, what is there is right and what is not is counted.
. "$MEDDLE_SOURCE/tests/capture/lib.sh"

storm() { # SEED LOSS
	"$programs/packet_storm" "$1" "$2" "$work/storm.pcap" "$work/truth" || fail "packet_storm $1"
	dump "$work/storm.pcap" "$work/dump"
	streams "$work/dump" > "$work/streams"
	sort "$work/truth" > "$work/expected"
}

# What Wireshark makes of connection NUMBER, in the form of `streams`.
followed() {
	tshark -r "$work/storm.pcap" -q -z "follow,tcp,raw,$1" 2> /dev/null | awk -v port=$((40000 + $1)) '
		/^\t[0-9a-f]+$/ { server = server substr($0, 2); next }
		/^[0-9a-f]+$/ { client = client $0 }
		END { print port, "<", server; print port, ">", client }'
}

seed=1
while [ $seed -le 40 ]; do
	storm $seed 0
	cmp -s "$work/streams" "$work/expected" || fail "seed $seed: not what was sent"
	grep -q "lost\|cut" "$work/dump.said" && fail "seed $seed: nothing is missing here"
	seed=$((seed + 1))
done

if command -v tshark > /dev/null; then
	for seed in 1 2 3; do
		storm $seed 0
		for n in 0 1 2 3 4 5; do
			followed $n
		done | sort > "$work/wireshark"
		cmp -s "$work/streams" "$work/wireshark" || fail "seed $seed: Wireshark disagrees"
	done
fi

written_again "$work/storm.pcap"

# Every byte is either in the right place or counted.
seed=1
while [ $seed -le 40 ]; do
	storm $seed 10
	lost=$(sed -n 's/.* \([0-9]*\) bytes lost.*/\1/p' "$work/dump.said")
	[ -n "$lost" ] || fail "seed $seed: loss is not said"
	awk -v lost="$lost" -v seed=$seed '
		NR == FNR { truth[$1 " " $2] = $3; sent += length($3) / 2; next }
		{
			key = $1 " " $2
			rest = substr(truth[key], at[key] + 1)
			got += length($5) / 2
			# the place of a message: behind the one before it, on a whole byte
			from = 1
			while ((i = index(substr(rest, from), $5)) > 0 && (from + i) % 2 != 0)
				from += i
			if (i == 0) {
				print "seed " seed ": " key ": a message that was not sent, or not there"
				bad = 1
				exit
			}
			at[key] += from + i - 2 + length($5)
		}
		END {
			if (!bad && got + lost != sent) {
				print "seed " seed ": " sent " bytes sent, " got " there, " lost " lost"
				bad = 1
			}
			exit bad
		}' "$work/truth" "$work/dump" || fail "seed $seed: see above"
	seed=$((seed + 1))
done
