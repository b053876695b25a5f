#!/bin/bash
# The examples of the man pages run, in a network of their own where a dnsmasq listens at the port
# they speak of. Campaigns are cut short.
set -euo pipefail

skip() {
	echo "skipped: $*"
	exit 77
}

if [[ ${1:-} != --inside ]]; then
	for program in dnsmasq ip; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
	unshare --net true 2>/dev/null || skip "a network of our own needs root"
	exec unshare --net "$0" --inside
fi

tmp=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill "$pid"; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
cd "$tmp"
ln -s "$MEDDLE_SOURCE/pcaps" pcaps
mkdir bin
ln -s "$MEDDLE_BUILD/meddle" bin/meddle
PATH=$tmp/bin:$PATH

ip link set lo up
dnsmasq --keep-in-foreground --port=5353 --conf-file=/dev/null --no-resolv --no-hosts --pid-file= \
	--user=root --listen-address=127.0.0.1 --bind-interfaces &
pid=$!

# the file that an example of meddle-config(5) speaks of
sed -n '/^# Every night/,/^\.Ed/p' "$MEDDLE_SOURCE/docs/man/meddle-config.5" |
	sed '$d; s/60s/1s/' >nightly.yaml

# The commands of a page's EXAMPLES, each on one line.
examples() { # examples PAGE
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$1" | sed -E 's/^\.Dl //; s/\\\(dq/"/g; s/\\e/\\/g' |
		sed -e ':a' -e '/\\$/{N; s/\\\n\t*//; ba}' | sed -n 's/^\$ //p' | sed 's/--for 60s/--for 1s/'
}

# Servers go on until they are told to stop.
run_server() {
	local status=0
	bash -c "exec $1" >out 2>err &
	while kill -0 $! 2>/dev/null && ! grep -q answering out; do
		:
	done
	kill -TERM $! 2>/dev/null || true
	wait $! || status=$?
	return "$status"
}

run() {
	if [[ $1 == *--listen* ]]; then
		run_server "$1"
	else
		timeout 60 bash -c "$1" >out 2>err
	fi
}

failures=0
ran=0
for page in meddle meddle-{show,replay,fuzz,triage,corpus,report,list,completion,config}; do
	while IFS= read -r example; do
		status=0
		ran=$((ran + 1))
		run "$example" </dev/null || status=$?
		((status > 1)) || continue
		failures=$((failures + 1))
		{ echo "$page: exit code $status: $example" && tail -n 20 out err; } >&2
	done < <(examples "$MEDDLE_SOURCE/docs/man/$page".?)
done
echo "$ran examples, $failures of them failed"
((ran > 10 && failures == 0))
