#!/bin/bash
# A short campaign against a planted server, and the report of it: well-formed, complete, of bounded
# size, and in need of nothing but itself.
#
# usage: report_test.sh PLANTED_DNS
set -euo pipefail
ulimit -c 0

meddle=$MEDDLE_BUILD/meddle
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
campaign=$tmp/a\ campaign page=$tmp/page.html

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# meddle's exit code has to be the first argument; what it says goes to $tmp/said.
expect() { # expect CODE ARGUMENTS...
	local code=0
	"$meddle" "${@:2}" >"$tmp/said" 2>"$tmp/error" || code=$?
	[[ $code == "$1" ]] || fail "meddle ${*:2}: exit code $code: $(tail -n 5 "$tmp/error")"
}

count() { # count REGEX: how often it stands in the page
	grep -oE "$1" "$page" | wc -l
}

expect 1 fuzz "$MEDDLE_SOURCE/pcaps/dns" --cases 700 --seed 3 --workers 1 --minimise 60 \
	--out "$campaign" -- "$1" --port '{port}' --bug crash-b --bug mixup
folders=("$campaign"/findings/*)
((${#folders[@]} >= 2)) || fail "the campaign found too little to report of"

expect 0 report "$campaign"
grep -qF "report: $campaign/report.html" "$tmp/said" || fail "the page's path is not said"
grep -qE '^700 cases in ' "$tmp/said" || fail "the summary is not said: $(cat "$tmp/said")"
mv "$campaign/report.html" "$page"

# Each finding has its section and is linked to; its folder is named, and so is how to begin again.
for folder in "${folders[@]}"; do
	grep -qF "findings/${folder##*/}" "$page" || fail "${folder##*/} is not in the page"
done
expect 0 report --json "$campaign"
if command -v python3 >/dev/null; then
	python3 - "$tmp/said" "$page" <<'END'
import json, sys
facts, page = json.load(open(sys.argv[1])), open(sys.argv[2]).read()
assert facts["campaign"]["cases"] == 700 and facts["campaign"]["stands"] == "ended"
assert "--seed 3" in facts["campaign"]["command_line"]
for f in facts["findings"]:
    assert page.count('id="f%d"' % f["id"]) == 1, f
    assert 'href="#f%d"' % f["id"] in page, f
assert len(facts["corpus"]) >= 238 and facts["steps"] and facts["progress"]
END
fi
grep -qF 'meddle fuzz' "$page" || fail "how to run it again is not in the page"
(($(count '<svg') >= 7)) || fail "drawings are missing"
(($(count '<details class="msg') >= 2)) || fail "conversations are missing"

# Whole, small, and alone.
(($(stat -c %s "$page") < 3 << 20)) || fail "the page has $(stat -c %s "$page") bytes"
! grep -oE '(src|href|action)="[^#"][^"]*"|url\([^#)][^)]*\)|@import|https?://[^ ]*' "$page" ||
	fail "the page wants something from elsewhere"
! grep -qiE '"[^"]*(nan|inf)[ ,][^"]*" *(/|>)' <(grep -oE 'points="[^"]*"/>' "$page") ||
	fail "a plot holds what is no number"
if command -v xmllint >/dev/null; then
	xmllint --noout "$page" || fail "the page is not well-formed"
else
	echo "not checked with xmllint, which is missing (Debian: libxml2-utils)"
fi

# A browser runs its script without a complaint.
if browser=$(command -v chromium); then
	"$browser" --no-sandbox --headless --disable-gpu --user-data-dir="$tmp/browser" \
		--enable-logging=stderr --dump-dom "file://$page" >"$tmp/dom" 2>"$tmp/log" ||
		fail "chromium: $(tail -n 5 "$tmp/log")"
	! grep -F CONSOLE "$tmp/log" || fail "the script complains"
	grep -qF '</html>' "$tmp/dom" || fail "chromium shows nothing"
else
	echo "not opened in a browser: chromium is missing"
fi

# What cannot be done is said.
expect 2 report "$tmp"
grep -qF 'no campaign in this folder' "$tmp/error" || fail "no campaign: $(cat "$tmp/error")"
expect 2 report "$campaign" -o "$tmp/not/there.html"
expect 2 report
