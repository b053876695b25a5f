# shellcheck shell=bash disable=SC2034 # the scripts read what is set here
# What the scripts in this folder share: meddle given what it cannot use. It has to say so in one line that
# begins with its name, and end with 2, soon, without growing. Sourced.
. "$MEDDLE_SOURCE/tests/scenario/lib.sh"

seconds=20          # in which everything has to be over
memory=$((200 << 10)) # KiB that a run may take, at most
[[ -z ${MEDDLE_SANITIZE:-} ]] || memory=$((800 << 10))

# measured COMMAND...: with a bound on time; the largest resident size in KiB goes to $work/rss
measured() {
	local measure=()
	echo 0 >"$work/rss"
	[[ ! -x /usr/bin/time ]] || measure=(/usr/bin/time --quiet --format %M --output "$work/rss")
	timeout --kill-after=5 "$seconds" "${measure[@]}" "$@" </dev/null
}

# tried EXPECTED ARGUMENTS...: what it says is in $work/out and $work/err
tried() {
	local status=0
	measured "$meddle" "${@:2}" >"$work/out" 2>"$work/err" || status=$?
	[[ $status == "$1" ]] || fail "exit $status instead of $1: meddle ${*:2}"
	! grep -qE 'ERROR: AddressSanitizer|runtime error:|LeakSanitizer' "$work/err" ||
		fail "a sanitizer speaks: meddle ${*:2}"
	(($(tail -n 1 "$work/rss") <= memory)) || fail "$(<"$work/rss") KiB: meddle ${*:2}"
}

# refused TEXT ARGUMENTS...: exit code 2, and one line that begins with its name and says TEXT
refused() {
	tried 2 "${@:2}"
	[[ $(grep -c '^meddle' "$work/err") == 1 ]] || fail "not one line: meddle ${*:2}"
	[[ $(tail -n 1 "$work/err") == meddle*"$1"* ]] || fail "not \"$1\": meddle ${*:2}"
}
