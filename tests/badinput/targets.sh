#!/bin/bash
# Targets that are not there, do not start, or do not behave: it is said what they did, within bounds of time
# and memory, and nothing of them is left.
set -euo pipefail
. "$MEDDLE_SOURCE/tests/badinput/lib.sh"
need python3

cd "$work"
# two conversations of one question each, over UDP and over TCP, so that patience is short
for carrier in dgram stream; do
	{
		printf 'meddle-trace 1\nprotocol: dns\ncarrier: %s\n' $carrier
		message=b27a0120000100000000000003777777076578616d706c650000010001
		[[ $carrier == dgram ]] || message=001d$message
		printf '> 0.000000000 %s\n< 0.001000000 %s\n' $message "${message/b27a0120/b27a8500}"
	} >$carrier.trace
done
cp "$MEDDLE_SOURCE/tests/badinput/peer.py" peer.py
chmod 755 "$work"

both_refuse() { # both_refuse TEXT OPTIONS... -- COMMAND...
	refused "$1" replay dgram.trace "${@:2}"
	refused "$1" fuzz dgram.trace --out campaign "${@:2}"
	[[ ! -e campaign ]] || fail 'it has left a campaign'
	within 2 nothing_left || fail "left behind: $(running_in_work)"
}

nothing_left() {
	! running_in_work >/dev/null
}

both_refuse './nothere: No such file or directory' -- ./nothere
touch plain
both_refuse './plain: Permission denied' -- ./plain
both_refuse '/: Permission denied' -- /
echo 'no program' >noformat && chmod +x noformat
both_refuse './noformat' -- ./noformat
both_refuse 'ended at start with code 1' -- false
both_refuse 'ended at start with code 4, saying: cannot open its ?[31mconfig' \
	-- sh -c 'printf "cannot open its \033[31mconfig\n" >&2; exit 4'
both_refuse 'ended at start by signal 11' -- sh -c 'kill -SEGV $$'
both_refuse 'does not listen after 300.0ms' --start 300ms -- sh -c "sleep 60; : $work"
both_refuse 'with its option to stay in the foreground' -- python3 "$work/peer.py" '{port}' daemon

peer() { # peer HOW: the command, in server
	server=(python3 "$work/peer.py" '{port}' "$1")
}

# silence is a difference for a replay, and nothing to fuzz
peer silent
tried 1 replay dgram.trace stream.trace --patience 200ms -- "${server[@]}"
says '2 missing'
refused 'answers none of the seeds within' fuzz dgram.trace --out campaign -- "${server[@]}"
[[ ! -e campaign ]] || fail 'it has left a campaign'

peer die
tried 1 replay dgram.trace --patience 1s -- "${server[@]}"
says 'the target ended with code 3 while it was played to' err
refused 'ended by itself with code 3' fuzz dgram.trace --out campaign -- "${server[@]}"

peer close
tried 1 replay stream.trace -- "${server[@]}"
says '1 missing'
refused 'answers none of the seeds' fuzz stream.trace --out campaign -- "${server[@]}"

# too much of everything
for how in flood garbage; do
	peer $how
	tried 1 replay stream.trace --patience 200ms -- "${server[@]}"
done
peer flood
tried 1 replay dgram.trace --patience 200ms -- "${server[@]}"
status=0
rm -rf campaign
measured "$meddle" fuzz stream.trace --cases 2 --out campaign -- "${server[@]}" \
	>"$work/out" 2>"$work/err" || status=$?
((status <= 2)) || fail "flood: exit $status"
(($(tail -n 1 "$work/rss") <= memory)) || fail "flood: $(<"$work/rss") KiB"
peer chatter
tried 1 replay dgram.trace --patience 200ms -- "${server[@]}"
within 2 nothing_left || fail "left behind: $(running_in_work)"

# a server elsewhere that is not there
rm -rf campaign
refused 'answers none of the seeds' fuzz dgram.trace --to udp://127.0.0.1:9 --out campaign
refused 'answers none of the seeds' fuzz stream.trace --to tcp://127.0.0.1:9 --out campaign
tried 1 replay dgram.trace --to udp://127.0.0.1:9 --patience 200ms
tried 1 replay stream.trace --to tcp://127.0.0.1:9 --patience 200ms
