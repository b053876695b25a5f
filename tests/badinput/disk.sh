#!/bin/bash
# Folders that cannot be used, disks that are full at once or in the middle, output that nobody takes. What
# was found before is kept.
set -euo pipefail
. "$MEDDLE_SOURCE/tests/badinput/lib.sh"
need jq

# Small disks are mounted where nobody else sees them.
if [[ ${1:-} != inside ]]; then
	own=(unshare --mount)
	((EUID == 0)) || own+=(--map-root-user)
	if "${own[@]}" mount -t tmpfs -o size=64k none "$work" 2>/dev/null; then
		rm -rf "$work"
		exec "${own[@]}" "$0" inside
	fi
	echo 'skipped: no mounts of our own here'
	exit 77
fi

cd "$work"
cp "$MEDDLE_BUILD/tests/planted/planted_dns" server
server=("$work/server" --port '{port}' --bug crash-a)
campaign=(fuzz "$captures/errors.pcapng" --out)

# the folder
touch file
refused 'file/corpus: Not a directory' "${campaign[@]}" file -- "${server[@]}"
refused 'file/sub: Not a directory' "${campaign[@]}" file/sub -- "${server[@]}"
mkdir readonly small
at_end() {
	umount -q "$work"/{small,readonly} || true
}
mount -t tmpfs -o ro none readonly
refused 'readonly/campaign: Read-only file system' "${campaign[@]}" readonly/campaign -- "${server[@]}"
mkdir mine && touch mine/notes
tried 0 "${campaign[@]}" mine --cases 20 -- "${server[@]}"
[[ -e mine/notes && -s mine/meddle.db ]] || fail 'a folder that was there is not used'
refused 'mine: holds a campaign already; --resume goes on with it' "${campaign[@]}" mine -- "${server[@]}"

# a disk that is full from the beginning
mount -t tmpfs -o size=64k none small
refused 'disk is full' "${campaign[@]}" small/campaign -- "${server[@]}"
[[ ! -e small/campaign ]] || fail 'half a campaign is left'

# one that gets full: what was reported stays, and with more room it goes on
bundles() { # that were reported
	jq -r 'select(.type == "finding") | .bundle' "$work/out"
}
mount -o remount,size=1500k small
tried 2 "${campaign[@]}" small/campaign --json --cases 200000 -- "${server[@]}"
[[ $(wc -l <"$work/err") == 1 ]] || fail 'not one line'
grep -qE '^meddle: small/campaign.*(No space left on device|disk is full)' "$work/err" ||
	fail 'it does not say what is full'
reported=$(bundles)
[[ -n $reported ]] || fail 'nothing was found in time'
cases=$(jq -s 'map(select(.cases != null)) | last.cases' "$work/out")
mount -o remount,size=30M small
tried 1 fuzz --resume --out small/campaign --json --cases $((cases + 500)) -- "${server[@]}"
for bundle in $reported; do
	[[ -s small/campaign/findings/$bundle/finding.yaml ]] || fail "lost: $bundle"
	[[ $(bundles) != *"$bundle"* ]] || fail "found again: $bundle"
done
run 0 show -q small/campaign/corpus

# standard output that is closed, full, or read by somebody who has enough
out_of() { # out_of EXPECTED REDIRECTION ARGUMENTS...
	local status=0
	local within=(timeout --kill-after=5 "$seconds")
	case $2 in
	closed) "${within[@]}" "$meddle" "${@:3}" >&- 2>"$work/err" || status=$? ;;
	full) "${within[@]}" "$meddle" "${@:3}" >/dev/full 2>"$work/err" || status=$? ;;
	both) "${within[@]}" "$meddle" "${@:3}" >&- 2>&- || status=$? ;;
	esac
	[[ $status == "$1" ]] || fail "exit $status instead of $1: meddle ${*:3}, $2"
}
good=$captures/knot-basic.pcap
out_of 2 closed show "$good"
says 'standard output: Bad file descriptor' err
out_of 2 full show "$good"
says 'standard output: No space left on device' err
out_of 2 full list
out_of 2 full replay "$good" --to 127.0.0.1:9 --patience 50ms
out_of 2 full "${campaign[@]}" full --json --for 15s -- "${server[@]}"
says 'standard output: No space left on device' err
out_of 2 closed "${campaign[@]}" closed --cases 50 -- "${server[@]}"
out_of 2 both "${campaign[@]}" both --cases 50 -- "${server[@]}"
for command in "show $captures" list "replay $good --to 127.0.0.1:9 --patience 50ms --json" \
	"fuzz $good --to 127.0.0.1:9 --out none --json"; do
	# shellcheck disable=SC2086 # words
	timeout "$seconds" "$meddle" $command 2>"$work/err" | head -n 1 >"$work/said" || true
	((${PIPESTATUS[0]} < 124)) || fail "meddle $command | head: ${PIPESTATUS[0]}"
done
status=0
{ timeout "$seconds" "$meddle" "${campaign[@]}" piped --json --for 15s -- "${server[@]}" 2>"$work/err" ||
	echo $? >status; } | head -n 2 >"$work/said"
[[ ! -s status || $(<status) == 1 ]] || fail "fuzz | head: $(<status)"
[[ $(wc -l <"$work/said") == 2 && ! -s $work/err ]] || fail 'fuzz | head complains'
