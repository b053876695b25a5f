#!/usr/bin/env python3
"""Talks to a planted server: replays captures, sends triggers, or storms it with broken datagrams.

usage: peer.py PORT replay FOLDER | storm FOLDER CASES SEED | trigger BUG | answers udp|tcp |
               silent udp|tcp

Exits with 0 if things went as they should, else with 1 and the reason.
"""
import random
import socket
import struct
import sys

from captures import conversations

PATIENCE = 10  # seconds, for answers that have to come
SILENCE = 1    # seconds, for answers that should not

QUERY, NOTIFY, UPDATE = 0, 4, 5
A, SOA, TXT, IXFR = 1, 6, 16, 251


class Failure(Exception):
    pass


def name(text):
    return b''.join(bytes([len(label)]) + label.encode() for label in text.split('.') if label) + b'\0'


def question(owner, kind):
    return name(owner) + struct.pack('>HH', kind, 1)


def message(ident, opcode, questions=(), answers=(), authority=(), additional=()):
    sections = (questions, answers, authority, additional)
    return struct.pack('>HH4H', ident, opcode << 11, *map(len, sections)) + b''.join(
        b''.join(section) for section in sections)


def record(owner, kind, klass, ttl, data):
    return owner + struct.pack('>HHIH', kind, klass, ttl, len(data)) + data


def option(code, data, length=None):
    return struct.pack('>HH', code, len(data) if length is None else length) + data


def opt(options):
    return record(b'\0', 41, 1232, 0, options)


def query(ident, owner, kind, options=None):
    return message(ident, QUERY, [question(owner, kind)],
                   additional=[] if options is None else [opt(options)])


def echoed(sent, got):
    """True if the answer has the id of the request, and its question or none."""
    asked = sent[12:sent.find(b'\0', 12) + 5] if len(sent) > 12 else b''
    return got[:2] == sent[:2] and (got[4:6] == b'\0\0' or got[12:12 + len(asked)] == asked)


class Client:
    """One conversation: a socket of its own."""

    def __init__(self, port, carrier='udp'):
        self.carrier = carrier
        kind = socket.SOCK_DGRAM if carrier == 'udp' else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(('127.0.0.1', port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, sent):
        prefix = b'' if self.carrier == 'udp' else struct.pack('>H', len(sent))
        self.socket.sendall(prefix + sent)

    def _exactly(self, n):
        got = b''
        while len(got) < n:
            more = self.socket.recv(n - len(got))
            if not more:
                raise Failure('the connection ended')
            got += more
        return got

    def receive(self, patience=PATIENCE):
        """The next answer; None if it does not come."""
        self.socket.settimeout(patience)
        try:
            if self.carrier == 'udp':
                return self.socket.recv(65535)
            return self._exactly(struct.unpack('>H', self._exactly(2))[0])
        except (TimeoutError, ConnectionError):
            return None

    def ask(self, sent, patience=PATIENCE):
        self.send(sent)
        return self.receive(patience)


def rcode(answer):
    return answer[3] & 15


def expect(what, truth):
    if not truth:
        raise Failure(what)


def probe(port, carrier='udp', patience=PATIENCE):
    """True if the server answers an ordinary question."""
    with Client(port, carrier) as client:
        answer = client.ask(query(0x7072, 'www.example', A), patience)
        return answer is not None and rcode(answer) == 0 and socket.inet_aton('192.0.2.80') in answer


def replay(port, folder):
    """Plays what the captures' clients sent; every request must get an answer that belongs to it."""
    sent_n = 0
    for carrier, messages in conversations(folder):
        with Client(port, carrier) as client:
            for sent in messages:
                got = client.ask(sent)
                expect(f'no answer to {sent.hex()}', got is not None)
                expect(f'{got.hex()} does not answer {sent.hex()}', echoed(sent, got))
                sent_n += 1
    expect('nothing was replayed', sent_n > 100)
    print(f'{sent_n} requests replayed')


INTERESTING = (0, 1, 2, 3, 12, 41, 63, 64, 127, 128, 250, 252, 255, 256, 512, 4096, 32767, 32768,
               49152, 49164, 65535)


def mutate(r, messages):
    """One message with one to four things wrong."""
    b = bytearray(r.choice(messages))
    for _ in range(r.randint(1, 4)):
        at = r.randrange(len(b) + 1)
        what = r.randrange(6)
        if what == 0 and at < len(b):
            b[at] ^= 1 << r.randrange(8)
        elif what == 1 and at < len(b):
            b[at] = r.choice(INTERESTING) & 255
        elif what == 2:
            b[at:at + 2] = struct.pack('>H', r.choice(INTERESTING))
        elif what == 3:
            del b[at:at + r.randint(1, 16)]
        elif what == 4:
            other = r.choice(messages)
            b[at:] = other[r.randrange(len(other)):]
        else:
            b[at:at] = r.randbytes(r.randint(1, 16))
    return bytes(b)


def storm(port, folder, cases, seed):
    """Sends broken datagrams; now and then one on a connection that is then broken off."""
    r = random.Random(int(seed))
    messages = [m for _, list_ in conversations(folder) for m in list_]
    with Client(port) as client:
        for i in range(int(cases)):
            sent = mutate(r, messages)
            client.send(sent)
            if i % 50 == 0:
                with Client(port, 'tcp') as stream:
                    stream.socket.sendall(struct.pack('>H', r.choice((len(sent), 65535))) + sent)
            if i % 32 == 0:
                # keeps in step with the server, so that no datagram is lost in a full buffer
                ident = struct.pack('>H', i & 0xffff)
                client.send(ident + query(0, 'sync.example', SOA)[2:])
                while True:
                    got = client.receive()
                    expect(f'no answer at case {i}', got is not None)
                    if got[:2] == ident and b'\4sync' in got:
                        break
    print(f'{cases} cases')


def trigger_overread(port):
    with Client(port) as client:
        client.ask(query(1, 'www.example', A, option(8, bytes([0, 1, 255, 0, 192, 0, 2]))), SILENCE)


def trigger_hang(port):
    owner = name('www')[:-1] + b'\xc0\x1d'  # leads to its own first label, behind header and question
    additional = [record(owner, A, 1, 0, bytes(4))]
    with Client(port) as client:
        sent = message(2, QUERY, [question('www.example', A)], additional=additional)
        expect('it answered', client.ask(sent, SILENCE) is None)


def trigger_leak(port):
    with Client(port) as client:
        for i in range(500):
            got = client.ask(query(i, 'www.example', A, option(10, b'12345678', 9)))
            expect('no FORMERR', got is not None and rcode(got) == 1)


def trigger_fdleak(port):
    for _ in range(100):
        with Client(port, 'tcp') as client:
            client.socket.sendall(b'\0\x20half')


NOTIFY_ZONE = message(3, NOTIFY, [question('dyn.example', SOA)])
TRANSFER = query(4, 'dyn.example', IXFR)
DELETE_SOA = message(5, UPDATE, [question('dyn.example', SOA)],
                     authority=[record(b'\xc0\x0c', SOA, 255, 0, b'')])


def trigger_state(port):
    for incomplete in ((NOTIFY_ZONE, DELETE_SOA), (TRANSFER, DELETE_SOA), (NOTIFY_ZONE, TRANSFER)):
        with Client(port) as client:
            for sent in incomplete:
                expect('two steps were enough', client.ask(sent) is not None)
    with Client(port) as client:
        quiet = client.ask(TRANSFER)
        expect('NOTIFY was refused', rcode(client.ask(NOTIFY_ZONE)) == 0)
        expect('the second step does not show', client.ask(TRANSFER)[4:10] != quiet[4:10])
        expect('it answered the third step', client.ask(DELETE_SOA, SILENCE) is None)


def trigger_wrong_length(port):
    secret = query(6, 'text.example', TXT)
    with Client(port) as victim:
        expect('no answer', victim.ask(secret) is not None)
    with Client(port) as client:
        got = client.ask(struct.pack('>HH4H', 7, 0, 1, 0, 0, 0))
        expect('no answer', got is not None)
        expect('nothing of the other request in it', secret[12:] in got)


def trigger_mixup(port):
    with Client(port) as victim:
        expect('no answer', victim.ask(query(8, 'mail.example', A)) is not None)
    with Client(port) as client:
        got = client.ask(message(9, QUERY, [question('www.example', A), question('example', SOA)]))
        expect('no answer', got is not None)
        expect('the answer is not the other one', got[:2] == b'\0\x08' and name('mail.example') in got)


def trigger_crash_a(port):
    with Client(port) as client:
        client.ask(message(10, NOTIFY), SILENCE)


def trigger_crash_b(port):
    with Client(port) as client:
        client.ask(query(11, 'www.example', A, option(10, b'twelve bytes')), SILENCE)


def main(port, command, *words):
    port = int(port)
    if command == 'replay':
        replay(port, *words)
    elif command == 'storm':
        storm(port, *words)
    elif command == 'trigger':
        globals()['trigger_' + words[0].replace('-', '_')](port)
    elif command == 'answers':
        expect('it does not answer', probe(port, *words))
    elif command == 'silent':
        expect('it answers', not probe(port, *words, patience=SILENCE))


if __name__ == '__main__':
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Failure as failure:
        sys.exit(f'peer.py: {failure}')
