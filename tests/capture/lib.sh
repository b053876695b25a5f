# shellcheck shell=sh
# What the scripts in this folder share. Sourced.
set -u
programs=$MEDDLE_BUILD/tests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# need PROGRAM...: without them there is nothing to compare with
need() {
	for program in "$@"; do
		command -v "$program" > /dev/null || { echo "skipped: $program is not installed"; exit 77; }
	done
}

# dump FILE OUT: the messages of a capture; what was counted goes to OUT.said
dump() {
	"$programs/assemble_dump" "$1" > "$2" 2> "$2.said" || fail "$1: $(cat "$2.said")"
}

# streams DUMP: what each side of each connection said in all, "port direction hex"
streams() {
	awk '{ all[$1 " " $2] = all[$1 " " $2] $5 } END { for (k in all) print k, all[k] }' "$1" | sort
}

# written_again FILE: what we make of its messages is, to Wireshark, faultless, and the same to us
written_again() {
	"$programs/assemble_dump" "$1" write "$work/again.pcapng" || fail "$1: cannot be written again"
	dump "$1" "$work/before"
	dump "$work/again.pcapng" "$work/after"
	streams "$work/before" > "$work/streams.before"
	streams "$work/after" > "$work/streams.after"
	cmp "$work/streams.before" "$work/streams.after" || fail "$1: written again it says something else"
	command -v tshark > /dev/null || return 0
	tshark -r "$work/again.pcapng" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
		-o udp.check_checksum:TRUE -Y 'ip.checksum.status != "Good" || tcp.checksum.status != "Good" ||
			udp.checksum.status != "Good" || tcp.analysis.flags || _ws.short' \
		> "$work/faults" 2> /dev/null || fail "tshark does not read what we write"
	[ -s "$work/faults" ] && fail "faults in what we write: $(head -3 "$work/faults")"
	return 0
}
