#!/bin/bash
# Every shell script in the repository can be parsed and has nothing that shellcheck warns about.
set -eu

cd "$MEDDLE_SOURCE"
if ! git rev-parse --git-dir >/dev/null 2>&1; then
	echo "skipped: not a git repository, so nobody says which files are ours"
	exit 77
fi

# Files that end in .sh, and those below tools/ and .ci/ that begin as a shell script.
scripts=()
while IFS= read -r -d '' file; do
	[[ $file == *.sh ]] || head -n 1 "$file" | grep -qE '^#!.*\b(ba)?sh\b' || continue
	scripts+=("$file")
done < <(git ls-files -z '*.sh' tools .ci)

for file in "${scripts[@]}"; do
	bash -n "$file"
done
if command -v shellcheck >/dev/null; then
	shellcheck --severity=warning "${scripts[@]}"
else
	echo "shellcheck is not installed: only parsed"
fi
