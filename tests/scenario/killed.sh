#!/bin/bash
# kill -9 of a campaign, or of its worker, at any moment: nothing of it is left, and it can go on. What had
# been reported as found is still there, and is not found again.
set -euo pipefail
. "$MEDDLE_SOURCE/tests/scenario/lib.sh"
need jq pgrep

cp "$MEDDLE_BUILD/tests/planted/planted_dns" "$work/server" # so that its command names $work
server=("$work/server" --port '{port}' --bug crash-a --bug crash-b)
known=$work/known # findings as they were reported, in all runs
: >"$known"

all_gone() {
	! running_in_work >/dev/null
}

# begin ARGUMENTS...: a campaign in $out, which goes on if there is one; sets pid
begin() {
	local resume=()
	[[ ! -e $out/meddle.db ]] || resume=(--resume)
	rm -f "$work/out"
	"$meddle" fuzz --json --out "$out" --seed 3 --for 60s --epoch 64 --minimise 60 "${resume[@]}" "$@" \
		>"$work/out" 2>"$work/err" </dev/null &
	pid=$!
	pids+=("$pid")
}

# The findings that the run has reported: each is new.
note_findings() {
	local title
	# the last line may have been cut in the middle
	sed '/}$/!d' "$work/out" | jq -r 'select(.type == "finding") | .bundle' >"$work/said"
	while read -r title; do
		! grep -qxF "$title" "$known" || fail "found again: $title"
		echo "$title" >>"$known"
		[[ -s $out/findings/$title/finding.yaml ]] || fail "$title is not on the disk"
	done <"$work/said"
}

# dies WHO MOMENT COMMAND...: begins, kills campaign or worker once a line with MOMENT was printed
dies() {
	local who=$1 moment=$2 victim
	begin "${captures[@]}" -- "${@:3}"
	within 40 grep -qE "$moment" "$work/out" || fail "never: $moment"
	victim=$pid
	[[ $who == campaign ]] || victim=$(pgrep -P "$pid" | head -n 1)
	kill -KILL "$victim"
	within 3 gone "$pid" || fail "the campaign outlives its $who"
	{ wait "$pid" || status=$?; } 2>/dev/null
	pids=()
	within 2 all_gone || fail "left behind: $(running_in_work)"
	note_findings
	if [[ $who == worker ]]; then
		((status == 2)) || fail "exit $status without a worker"
		says 'was killed; what was learned is kept' err
		[[ $(wc -l <"$work/err") == 1 ]] || fail 'more than one line'
	fi
}

# goes_on COMMAND: to its end, some cases later; the book holds what was reported, no more and no less
goes_on() {
	local cases findings
	cases=$(($(jq -s 'map(select(.cases != null)) | last.cases' "$work/out") + 100))
	run 1 fuzz --json --resume --out "$out" --seed 3 --epoch 64 --minimise 60 --cases "$cases" \
		-- "$@"
	note_findings
	jq -es "last | .type == \"end\" and .cases == $cases" "$work/out" >/dev/null ||
		fail 'it does not end'
	findings=$(jq -s 'last.findings' "$work/out")
	[[ -s $known && $findings == $(wc -l <"$known") ]] ||
		fail "$findings findings in the book, $(wc -l <"$known") reported"
	within 2 all_gone || fail "left behind: $(running_in_work)"
}

captures=("$captures/errors.pcapng" "$captures/edns.pcapng" "$captures/bind9-notify.pcap")
status=0

out=$work/one
dies campaign '"phase":"(starting|calibrating)"' "${server[@]}"
dies campaign '"type":"finding"' "${server[@]}"
dies worker '"cases":[1-9]' "${server[@]}"
# a server behind a shell goes too
dies campaign '"phase":"fuzzing"' sh -c "${server[*]}; exit 1"
dies worker '"phase":"fuzzing"' sh -c "${server[*]}; exit 1"
goes_on "${server[@]}"

# SIGTERM to all of it at once, as from a service manager, is no accident
status=0
timeout --preserve-status --signal TERM 2 "$meddle" fuzz "${captures[@]}" --out "$work/three" --for 60s \
	-- "${server[@]}" >"$work/said" 2>"$work/err" || status=$?
((status <= 1)) || fail "exit $status after SIGTERM"
within 2 all_gone || fail "left behind: $(running_in_work)"

out=$work/two
: >"$known"
dies worker '"type":"note","text":"case ' "${server[@]}" # while it looks into a suspicion
goes_on "${server[@]}"
