# shellcheck shell=bash disable=SC2034,SC2154 # the scripts read what is set here, and set `command`
# What the scripts in this folder share: meddle beside real servers on the loopback. Sourced. All that
# a script makes lies in $work, and every process it starts is ended by its id, on any exit.
ulimit -c 0

meddle=$MEDDLE_BUILD/meddle
captures=$MEDDLE_SOURCE/pcaps/dns
zones=$MEDDLE_SOURCE/tools/record/dns.d
work=$(mktemp -d)
pids=() # of the servers that run
trap 'finish' EXIT
trap 'exit 130' INT TERM HUP
trap 'echo "$0:$LINENO: $BASH_COMMAND: exit $?" >&2' ERR

at_end() { # for scripts that have more to take down
	:
}

finish() {
	local status=$?
	trap - EXIT ERR
	at_end
	stop_servers
	rm -rf "$work"
	exit "$status"
}

fail() {
	echo "FAILED: $*" >&2
	local log
	for log in "$work"/{out,err,server.log}; do
		[[ ! -s $log ]] || { echo "--- ${log##*/}:" && tail -n 25 "$log"; } >&2
	done
	exit 1
}

# need PROGRAM...: servers and clients that may not be installed
need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || {
			echo "skipped: $program is not installed"
			exit 77
		}
	done
}

# within SECONDS COMMAND... tries until it succeeds
within() {
	local i
	for ((i = 0; i < $1 * 20; i++)); do
		! "${@:2}" >/dev/null 2>&1 || return 0
		sleep 0.05
	done
	return 1
}

# ---- processes ----

# start COMMAND... in the background, in a session of its own: its id is the last of pids
start() {
	"$@" >>"$work/server.log" 2>&1 &
	pids+=($!)
}

alive() { # alive PID; a zombie is not
	[[ -e /proc/$1/stat ]] && ! grep -q ') Z ' "/proc/$1/stat" 2>/dev/null
}

gone() {
	! alive "$1"
}

# running_in_work: the processes whose command names something in $work, false if there are none
running_in_work() {
	local file found=1
	for file in /proc/[0-9]*/cmdline; do
		if { tr '\0' ' ' <"$file"; } 2>/dev/null | grep -F "$work"; then
			found=0
		fi
	done
	return $found
}

# stop PID: asks, and after five seconds does not ask
stop() {
	kill -TERM "$1" 2>/dev/null || true
	within 5 gone "$1" || kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

stop_servers() {
	local pid
	for pid in "${pids[@]}"; do
		stop "$pid"
	done
	pids=()
}

# ---- ports ----

# Nobody has bound it, for datagrams or streams, at any address.
free() {
	local hex
	hex=$(printf ':%04X' "$1")
	! awk -v p="$hex" 'substr($2, length($2) - 4) == p { found = 1 } END { exit !found }' \
		/proc/net/udp /proc/net/udp6 /proc/net/tcp /proc/net/tcp6
}

free_port() { # sets port
	port=$((10240 + RANDOM % 20000))
	until free "$port"; do
		port=$((10240 + RANDOM % 20000))
	done
}

# ---- meddle ----

# run EXPECTED ARGUMENTS... runs meddle, which has a minute; what it says is in $work/out and $work/err
run() {
	local status=0
	timeout --kill-after=5 60 "$meddle" "${@:2}" >"$work/out" 2>"$work/err" </dev/null || status=$?
	[[ $status == "$1" ]] || fail "exit $status instead of $1: meddle ${*:2}"
	! grep -qE 'ERROR: AddressSanitizer|runtime error:|LeakSanitizer' "$work/err" ||
		fail "a sanitizer speaks: meddle ${*:2}"
}

# says TEXT [FILE]: it stands in what meddle printed
says() {
	grep -qF -- "$1" "$work/${2:-out}" || fail "\"$1\" is not in $work/${2:-out}"
}

says_not() {
	! grep -qF -- "$1" "$work/${2:-out}" || fail "\"$1\" is in $work/${2:-out}"
}

# ---- what is asked of servers ----

answers() { # any answer will do: the point is that it answers at all
	dig +time=1 +tries=1 +norecurse -p "$port" "@${1:-127.0.0.1}" example SOA >/dev/null
}

# start_server: runs what a conf_ function has left in `command`, and waits until it answers
start_server() {
	: >"$work/server.log"
	start "${command[@]}"
	within 15 answers && within 15 answers ::1 || fail "no answer from ${command[*]}"
}
