#!/bin/bash
# Every C file in the repository looks as .clang-format says. Other versions of clang-format lay out
# some lines in another way, so only the one of Debian 12 is asked.
set -eu

cd "$MEDDLE_SOURCE"
for format in clang-format-14 clang-format; do
	! "$format" --version 2>/dev/null | grep -q 'version 14\.' || break
	format=
done
if [ -z "$format" ]; then
	echo "skipped: clang-format 14 is not installed"
	exit 77
fi
if ! git rev-parse --git-dir >/dev/null 2>&1; then
	echo "skipped: not a git repository, so nobody says which files are ours"
	exit 77
fi
git ls-files -z '*.c' '*.h' | xargs -0 "$format" --dry-run -Werror
