#!/bin/bash
# campaign.sh [--quick]: cases a second against dnsmasq: `meddle fuzz`, with and without mutation, and a
# loop in the shell that makes each case with zzuf and sends it with a small program that waits for
# nothing but the answer.
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
need zzuf zzuf
need dnsmasq dnsmasq-base
in_namespace "$0" "$@"

ours=$(size 10000 300)
theirs=$(size 200 5)
runs=$(size 3 1)
port=5353
dnsmasq=(dnsmasq -k -p '{port}' --no-resolv --no-hosts --no-daemon --user=root)

seed=$work/seed
printf '\x1a\x2b\1\0\0\1\0\0\0\0\0\1\3www\7example\0\0\1\0\1\0\0\x29\4\xd0\0\0\0\0\0\0' > "$seed"
"${dnsmasq[@]//'{port}'/$port}" --conf-file=/dev/null > "$work/dnsmasq.out" 2>&1 &
ended_with_us $!

fuzz() {
	local name=$1
	shift
	rm -rf "$work/campaign"
	cost "$name" "$ours" "$meddle" fuzz "$source/pcaps/dns/dnsmasq-basic.pcap" --cases "$ours" --workers 1 \
		--out "$work/campaign" "$@" -- "${dnsmasq[@]}" --conf-file=/dev/null
	grep -q "$ours" "$work/out" || broken "meddle fuzz: $(tail -n 3 "$work/out" "$work/err")"
}

each() {
	for ((s = 0; s < theirs; s++)); do
		zzuf -s "$s" -r 0.01 < "$seed" | "$programs/bench_ask" "$port"
	done
}

for ((i = 0; i < runs; i++)); do
	fuzz mutated
	fuzz plain --no-mutate
	cost each "$theirs" each
done

wall() {
	awk -v n="${things[$1]}" -v s="$(cut -d ' ' -f 2 "$work/cost.$1" | median)" 'BEGIN { print n / (s > 0 ? s : 0.001) }'
}

line() {
	printf '%-46s %14.0f %11.1f us %9.1f\n' "$1" "$(wall "$2")" "$(unit "$2")" "$(ratio "$(wall "$2")" "$(wall each)")"
}

echo "campaign: $ours and $theirs cases to dnsmasq, median of $runs runs; start and end included"
printf '%-46s %14s %14s %9s\n' "" cases/s "CPU a case" ratio
line "meddle fuzz" mutated
line "meddle fuzz --no-mutate" plain
line "zzuf | send and wait, processes a case" each
