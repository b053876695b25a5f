#!/bin/bash
# mutate.sh [--quick]: mutated cases, made in one process as a campaign makes them, and made by zzuf,
# which is a process a case.
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
need zzuf zzuf

ours=$(size 200000 500)
theirs=$(size 300 5)
runs=$(size 5 1)

# What zzuf gets: one question, www.example. A, with EDNS.
seed=$work/seed
printf '\x1a\x2b\1\0\0\1\0\0\0\0\0\1\3www\7example\0\0\1\0\1\0\0\x29\4\xd0\0\0\0\0\0\0' > "$seed"

each() {
	for ((s = 0; s < theirs; s++)); do
		zzuf -s "$s" -r 0.01 < "$seed"
	done
}

for ((i = 0; i < runs; i++)); do
	cost ours "$ours" "$programs/bench_mutate" "$ours" "$source/pcaps/dns"
	grep -q "^$ours cases" "$work/err" || broken "bench_mutate: $(cat "$work/err")"
	cost pipe "$theirs" each
	[ "$(wc -c < "$work/out")" -eq $((theirs * $(wc -c < "$seed"))) ] || broken "zzuf: $(cat "$work/err")"
	cost range "$theirs" zzuf -s "0:$theirs" -r 0.01 cat "$seed"
done

echo "mutate: $ours and $theirs cases, median of $runs runs"
header "a case" cases
row "meddle, all strategies, repaired" ours ours
row "zzuf -s N < seed" pipe ours
row "zzuf -s 0:N cat seed" range ours
target "zzuf, in times of meddle" "$(ratio "$(unit range)" "$(unit ours)")" at-least 50
