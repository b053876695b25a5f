#!/usr/bin/env python3
"""Shows captures with single bits turned over, in their headers and somewhere behind.

usage: flips.py MEDDLE FOLDER CAPTURE...

Each has to be read or refused with one line, in little memory. To save time only some of the bits are tried,
others in each capture.
"""
import os
import random
import resource
import subprocess
import sys

HEADERS = {".pcap": 24 + 16 + 34, ".pcapng": 28 + 20 + 28 + 34}  # file, first packet, its frame
BEHIND = 100
EVERY = 41 if os.environ.get("MEDDLE_SANITIZE") else 4
MEMORY = (800 if os.environ.get("MEDDLE_SANITIZE") else 300) << 10  # KiB


def places(data, ending, first):
    rng = random.Random(first)
    bits = list(range(HEADERS[ending] * 8))
    bits += [rng.randrange(len(data) * 8) for _ in range(BEHIND)]
    return bits[first % EVERY :: EVERY]


def wrong_with(meddle, path):
    done = subprocess.run(
        [meddle, "show", "-v", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, timeout=60, check=False)
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    refusals = [line for line in lines if line.startswith("meddle: ")]
    if done.returncode not in (0, 2):
        return f"exit {done.returncode}: {lines[-5:]}"
    if len(lines) > 2 or len(refusals) != (done.returncode == 2):
        return f"exit {done.returncode}, says {lines[:5]}"
    return None


def main():
    meddle, folder, captures = sys.argv[1], sys.argv[2], sys.argv[3:]
    path = os.path.join(folder, "flipped")
    for number, capture in enumerate(captures):
        with open(capture, "rb") as f:
            good = f.read()
        for bit in places(good, os.path.splitext(capture)[1], number):
            data = bytearray(good)
            data[bit // 8] ^= 1 << bit % 8
            with open(path, "wb") as f:
                f.write(data)
            wrong = wrong_with(meddle, path)
            if wrong:
                print(f"{capture}, bit {bit % 8} of byte {bit // 8}: {wrong}", file=sys.stderr)
                return 1
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if most > MEMORY:
        print(f"{most} KiB", file=sys.stderr)
    return int(most > MEMORY)


sys.exit(main())
