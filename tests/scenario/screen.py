#!/usr/bin/env python3
"""Runs a program on a terminal of its own and looks at the screen as a person would.

usage: screen.py ROWS COLUMNS PRESS COMMAND...

PRESS is what has to stand on the screen before Ctrl-C is pressed. What was printed goes to standard output;
the exit code is the program's, or 99 with the reason if the screen is untidy or the terminal not as before.
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

PATIENCE = 60
TOKEN = re.compile(rb"\x1b\[\??([0-9;]*)([A-Za-z])|([\x00-\x1f])|([^\x00-\x1f]+)")


class Screen:
    """As much of a terminal as the status uses; anything else is a complaint."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.lines = [""] * rows
        self.y = self.x = 0
        self.complaints = []

    def feed(self, data):
        for number, final, control, text in TOKEN.findall(data):
            if final:
                self.sequence(number.decode(), final.decode())
            elif control:
                self.control(control)
            else:
                self.put(text.decode("utf-8", "replace"))

    def sequence(self, number, final):
        if final == "A":
            self.y -= int(number or 1)
            if self.y < 0:
                self.complaints.append("goes above the screen")
                self.y = 0
        elif final == "K" and number == "2":
            self.lines[self.y] = ""
        elif final == "J" and number == "":
            self.lines[self.y :] = [""] * (self.rows - self.y)
        elif final == "J" and number == "2":
            self.lines = [""] * self.rows
        elif final == "H":
            self.y = self.x = 0
        else:
            self.complaints.append(f"unexpected sequence {number}{final}")

    def control(self, c):
        if c == b"\r":
            self.x = 0
        elif c == b"\n":
            self.y += 1
            if self.y == self.rows:
                self.lines = self.lines[1:] + [""]
                self.y -= 1
        else:
            self.complaints.append(f"unexpected control character {c!r}")

    def put(self, text):
        for c in text:
            if self.x == self.columns:
                self.x = 0
                self.control(b"\n")
            line = self.lines[self.y].ljust(self.x)
            self.lines[self.y] = line[: self.x] + c + line[self.x + 1 :]
            self.x += 1

    def look(self):
        """The box stands there once, whole, and all its lines are of one length."""
        box = [line for line in self.lines if line[:1] in ("+", "|")]
        if box and len({len(line) for line in box}) != 1:
            self.complaints.append("ragged: " + repr(box))
        if sum("process timing" in line for line in box) > 1:
            self.complaints.append("two boxes: " + repr(self.lines))


def start(rows, columns, command):
    pid, fd = pty.fork()
    if pid == 0:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        os.environ["TERM"] = "xterm"
        os.execvp(command[0], command)
    return pid, fd


def read_all(fd, screen, press):
    """What was printed until the program let go of its terminal; the settings of it before and after."""
    out, pressed, until = b"", False, time.monotonic() + PATIENCE
    before = after = termios.tcgetattr(fd)
    while time.monotonic() < until:
        if select.select([fd], [], [], 1)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                return out, before, after
            out += data
            after = termios.tcgetattr(fd)
            if not pressed and press.encode() in out:
                os.write(fd, b"\x03")
                pressed = True
    screen.complaints.append("it does not end" if pressed else f"never on the screen: {press}")
    return out, before, after


def replay(screen, out):
    """Looks at the screen after each line, as it was before the next one began."""
    for part in re.split(rb"(?<=\n)(?=\x1b\[[0-9]*A)", out):
        screen.feed(part)
        screen.look()


def main():
    rows, columns, press = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    screen = Screen(rows, columns)
    pid, fd = start(rows, columns, sys.argv[4:])
    out, before, after = read_all(fd, screen, press)
    if screen.complaints:
        os.kill(pid, 9)
    status = os.waitpid(pid, 0)[1]
    replay(screen, out)
    sys.stdout.buffer.write(out)
    if before != after:
        screen.complaints.append("the terminal is not as it was")
    if screen.complaints:
        print(f"{rows}x{columns}:", "; ".join(screen.complaints[:3]), file=sys.stderr)
        return 99
    return os.waitstatus_to_exitcode(status)


sys.exit(main())
