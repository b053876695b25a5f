#!/bin/bash
# meddle corpus over the recorded captures: what goes in comes out again, in every form; nothing is
# kept twice, nothing is lost, and what is broken is named and left out.
set -euo pipefail

command -v jq >/dev/null || {
	echo 'skipped: jq is missing'
	exit 77
}
meddle=$MEDDLE_BUILD/meddle
captures=$MEDDLE_SOURCE/pcaps/dns
work=$(mktemp -d)
tiny=
trap '[[ -z $tiny ]] || umount "$tiny"; rm -rf "$work"' EXIT
cd "$work"

failures=0
complain() {
	echo "$*" >&2
	failures=$((failures + 1))
}

# expect CODE ARGS...: meddle corpus ends with that code; what it prints is in out and err.
expect() {
	local code=0
	"$meddle" corpus "${@:2}" >out 2>err || code=$?
	((code == $1)) || complain "corpus ${*:2}: ended with $code, not $1: $(tail -n 3 out err)"
}

says() { # says FILE TEXT: what was printed last holds the text
	grep -qF -- "$2" "$1" || complain "expected \"$2\" in: $(cat "$1")"
}

same() { # same CORPUS CORPUS: the same conversations
	diff <(ls "$1") <(ls "$2") >differs || complain "$1 and $2 differ: $(head -n 5 differs)"
}

count() { # count CORPUS N
	local n
	n=$(find "$1" -name '*.trace' | wc -l)
	((n == $2)) || complain "$1 holds $n entries, not $2"
}

# ---- import: every conversation once, whatever it is read from ----

expect 0 import seeds "$captures" --json
[[ $(jq -c '[.known, .mute, .bad]' out) == '[0,0,0]' ]] || complain "import says $(cat out)"
all=$(jq .new out)
((all > 100)) || complain "only $all conversations in $captures"
count seeds "$all"
expect 0 import seeds "$captures" --json
[[ $(jq -c . out) == "{\"new\":0,\"known\":$all,\"mute\":0,\"bad\":0}" ]] ||
	complain "importing again says $(cat out)"
expect 0 import one "$captures/nobody.pcap" - <"$captures/tcp.pcap"
expect 0 import two "$captures/nobody.pcap" "$captures/tcp.pcap"
same one two
[[ -z $(find . -name '*.part') ]] || complain 'unfinished files are left behind'

# ---- list: a line an entry, for people and machines ----

expect 0 list seeds
(($(wc -l <out) == all)) || complain "list has $(wc -l <out) lines, not $all"
says err "$all entries"
expect 0 list seeds --json
(($(jq -s 'map(select(.protocol == "dns" and .messages > 0 and .bytes > 0)) | length' out) > 100)) ||
	complain "list --json says $(head -n 2 out)"
mkdir empty
expect 0 list empty
says err '0 entries'

# ---- export: captures and folders that say the same again ----

for form in out.pcap out.pcapng; do
	expect 0 export seeds "$form"
	says out "$all conversations"
	expect 0 import "again-$form" "$form"
	same seeds "again-$form"
done
expect 0 export seeds -
cp out stream
expect 0 import again-stdout - <stream
same seeds again-stdout
expect 0 export seeds copy
same seeds copy
expect 0 export empty none.pcapng
says out '0 conversations'
printf 'meddle-trace 1\nprotocol: dns\ncarrier: dgram\n> 0 %s\n' \
	000100000001000000000000012e000001 >query.trace
expect 0 import hand query.trace
expect 0 export hand hand.pcap # it names no addresses
expect 0 import hand-again hand.pcap
same hand hand-again

# ---- merge: all of both, each once ----

mkdir odd even
n=0
for entry in seeds/*; do
	n=$((n + 1))
	cp "$entry" "$( ((n % 3)) && echo odd || echo even)"
	((n % 7)) || cp "$entry" even
done
expect 0 merge odd even
same odd seeds
expect 0 merge fresh odd even # makes the first
same fresh seeds

# ---- min: fewer entries, the same features; nothing changes unless asked ----

expect 0 min seeds
kept=$(wc -l <out)
((kept > 10 && kept < all)) || complain "min keeps $kept of $all"
count seeds "$all"
expect 0 min seeds -o small
count small "$kept"
expect 0 min seeds --json
features=$(jq .features out)
cp -r seeds smaller
expect 0 min smaller --in-place
same small smaller
expect 0 min small --json
[[ $(jq -c '[.features, .kept, .entries]' out) == "[$features,$kept,$kept]" ]] ||
	complain "min of the least: $(jq -c '[.features, .kept, .entries]' out)"
expect 2 min seeds --in-place -o both
says err 'exclude each other'

# ---- a campaign's folder can be read, not written to ----

"$meddle" fuzz small --out run --cases 256 --workers 1 --sandbox no -- \
	"$MEDDLE_BUILD/tests/planted/planted_dns" >fuzz.log 2>&1 || (($? == 1)) ||
	complain "fuzz: $(tail -n 3 fuzz.log)"
expect 0 list run
says out 'seed: '
grep -qE 'depth [0-9]+, of [0-9]+: [a-z]' out || complain "list says nothing of recipes: $(tail -n 1 out)"
expect 0 list run --json
entries=$(jq -s length out)
jq -se 'map(select(.parent > 0)) | length > 0 and all(.recipe != "" and .features > 0)' out >/dev/null ||
	complain 'list --json says nothing of where entries came from'
expect 0 min run -o least
expect 0 min run --json
(($(jq .kept out) < entries)) || complain "min keeps all $entries entries of a campaign"
expect 0 merge odd run
expect 0 export run run.pcapng
expect 2 import run "$captures/tcp.pcap"
says err 'a campaign'
expect 2 min run --in-place
says err '-o DIR'
rm run/corpus/"$(jq -r '.names[0]' <("$meddle" corpus min run --json))"
expect 1 list run
says err 'No such file'

# ---- what is broken is named and left out ----

entry=$(find small -name '*.trace' | sort | sed -n 1p)
echo 'protocol: dns' >"$entry"
expect 1 list small
says err "$entry:1:"
says err '1 cannot be read'
expect 1 merge rescued small
count rescued $((kept - 1))
expect 1 min small
expect 1 export small part.pcap
: >empty.pcap
head -c 1000 "$captures/tcp.pcap" | tail -c 900 >noise.pcap
expect 1 import some empty.pcap noise.pcap "$captures/nobody.pcap"
says err 'empty.pcap'
says err 'noise.pcap'
says out '2 left out'
expect 2 import none empty.pcap
expect 2 import some gone.pcap
says err 'gone.pcap: No such file'

# ---- folders that are none, or are something else ----

expect 2 list missing
says err 'missing: No such file'
expect 2 list "$captures"
says err 'neither a corpus'
expect 2 list query.trace
says err 'a file'
expect 2 import "$captures" query.trace
says err 'neither a corpus'
[[ -z $(find "$captures" -name '*.trace') ]] || complain 'import wrote into a folder of captures'
expect 2 import query.trace query.trace
expect 2 merge odd missing
expect 2 export seeds missing/out.pcap
says err 'missing/out.pcap'
expect 2 export seeds missing/out.pcapng

# ---- words ----

expect 2
says err 'import, list, merge, export, min'
expect 2 lst seeds
says err 'did you mean list'
expect 2 list
says err 'usage: meddle corpus list'
expect 2 list seeds --in-place
says err 'takes no --in-place'
expect 2 import seeds out.pcap -p dsn
says err 'meddle list protocols'

# ---- a full disk: told, and what is there is whole ----

mkdir disk
if ((EUID == 0)) && mount -t tmpfs -o size=64k none disk 2>/dev/null; then
	tiny=$work/disk
	expect 2 import disk/corpus "$captures"
	says err 'No space left'
	expect 0 list disk/corpus
	(($(wc -l <out) > 0)) || complain 'nothing was written before the disk was full'
	[[ -z $(find disk -name '*.part') ]] || complain 'unfinished files are left on the full disk'
	expect 2 export seeds disk/full.pcap
	says err 'disk/full.pcap: No space left'
	expect 2 export seeds disk/full.pcapng
	says err 'not complete'
else
	echo 'not tried: a full disk (needs root, to mount a tiny one)'
fi

exit $((failures > 0))
