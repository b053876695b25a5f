#!/bin/bash
# quick_test.sh BENCHMARK: its quick form runs to its end and compares; what the figures are is no
# matter. A benchmark that lacks a program or a namespace is skipped.
set -u
out=$("$(dirname "$0")/$1.sh" --quick 2>&1)
code=$?
echo "$out"
case $code in
0) ;;
2 | 77) exit 77 ;;
*) exit 1 ;;
esac
grep -q ratio <<< "$out" || { echo "FAILED: no ratio"; exit 1; }
grep -qE '^(meddle|sendmmsg|libpcap).* [0-9.]+$|^(meddle|libpcap).* us$' <<< "$out" || { echo "FAILED: no figures"; exit 1; }
grep -qE 'nan|inf| -[0-9]' <<< "$out" && { echo "FAILED: figures that are none"; exit 1; }
exit 0
