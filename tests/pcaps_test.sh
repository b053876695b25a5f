#!/bin/bash
# Every capture of pcaps/$1 is listed in the README beside it, can be read, and holds as many packets
# as the README says; nothing is listed that is not there; all stay small.
set -euo pipefail

command -v capinfos >/dev/null || {
	echo 'skipped: capinfos is missing (Debian: wireshark-common)'
	exit 77
}

failures=0
complain() {
	echo "$*" >&2
	failures=$((failures + 1))
}

# The last cell of the capture's row in the README's table.
listed_packets() { # listed_packets README NAME
	awk -F '|' -v name="[$2]($2)" 'index($2, name) { gsub(/ /, "", $(NF - 1)); print $(NF - 1) }' "$1"
}

check_capture() {
	local said packets
	said=$(listed_packets "${1%/*}/README.md" "${1##*/}")
	[[ -n $said ]] || complain "$1: not in the README's table"
	packets=$(capinfos -r -T -c "$1" 2>/dev/null | cut -f 2) || complain "$1: cannot be read"
	[[ $packets == "$said" ]] || complain "$1: holds $packets packets, the README says $said"
	(($(stat -c %s "$1") <= 60 * 1024)) || complain "$1: larger than 60 KB"
}

check_folder() {
	local capture name
	for capture in "$1"/*.pcap "$1"/*.pcapng; do
		[[ ! -e $capture ]] || check_capture "$capture"
	done
	while read -r name; do
		[[ -e $1/$name ]] || complain "$1/README.md: lists $name, which is not there"
	done < <(grep -oE '^\| \[[^]]+' "$1/README.md" | cut -c 4-)
	(($(du -sb "$1" | cut -f 1) <= 1536 * 1024)) || complain "$1: larger than 1.5 MB"
}

check_folder "$MEDDLE_SOURCE/pcaps/$1"
exit $((failures > 0))
