#!/bin/bash
# What `meddle show` makes of each capture of pcaps/$1 is what the text beside it says, whatever the
# time zone and the language are.
set -euo pipefail

folder=$MEDDLE_SOURCE/pcaps/$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export MEDDLE=$MEDDLE_BUILD/meddle
failures=0

TZ=Asia/Kathmandu LC_ALL=C "$MEDDLE_SOURCE/tools/golden" --to "$work" "$folder" || failures=1
for capture in "$folder"/*.pcap "$folder"/*.pcapng; do
	name=${capture##*/}
	name=${name%.*}.txt
	diff -u "$folder/$name" "$work/$name" || failures=$((failures + 1))
done
for text in "$folder"/*.txt; do
	[[ -e ${text%.txt}.pcap || -e ${text%.txt}.pcapng ]] || {
		echo "$text: no capture of that name"
		failures=$((failures + 1))
	}
done
((failures == 0)) || cat <<END

$failures texts differ (lines with + are what it says now). If that is what it should say:
    MEDDLE=$MEDDLE $MEDDLE_SOURCE/tools/golden $folder
END
exit $((failures > 0))
