"""What clients sent to port 53, read from pcap and pcapng files."""
import pathlib
import struct

ETHERNET, COOKED1, COOKED2 = 1, 113, 276
UDP, TCP = 17, 6


def _pcap(data):
    """Yields link type and bytes of each packet of a classic, little-endian capture."""
    link = struct.unpack_from('<I', data, 20)[0]
    off = 24
    while off < len(data):
        size = struct.unpack_from('<I', data, off + 8)[0]
        yield link, data[off + 16:off + 16 + size]
        off += 16 + size


def _pcapng(data):
    """The same for pcapng with one interface, which is what dumpcap writes here."""
    link, off = ETHERNET, 0
    while off < len(data):
        kind, size = struct.unpack_from('<II', data, off)
        if kind == 1:
            link = struct.unpack_from('<H', data, off + 8)[0]
        elif kind == 6:
            n = struct.unpack_from('<I', data, off + 20)[0]
            yield link, data[off + 28:off + 28 + n]
        off += size


def _ip(link, packet):
    """The IP packet in a frame, b'' if there is none."""
    at, header = {ETHERNET: (12, 14), COOKED1: (14, 16), COOKED2: (0, 20)}[link]
    return packet[header:] if packet[at:at + 2] in (b'\x08\x00', b'\x86\xdd') else b''


def _transport(ip):
    """Protocol, the two addresses, and the bytes above IP; None for fragments and other things."""
    if ip[:1] >= b'\x60':
        return (ip[6], ip[8:40], ip[40:40 + struct.unpack_from('>H', ip, 4)[0]])
    if not ip or struct.unpack_from('>H', ip, 6)[0] & 0x3fff:
        return None
    return (ip[9], ip[12:20], ip[4 * (ip[0] & 15):struct.unpack_from('>H', ip, 2)[0]])


def _cut(stream):
    """The messages of a stream, each behind its length."""
    out = []
    while len(stream) >= 2:
        n = struct.unpack_from('>H', stream)[0]
        out.append(stream[2:2 + n])
        stream = stream[2 + n:]
    return out


def _segments(path):
    data = path.read_bytes()
    for link, packet in (_pcapng if path.suffix == '.pcapng' else _pcap)(data):
        found = _transport(_ip(link, packet))
        if found is not None and found[0] in (UDP, TCP):
            protocol, addresses, segment = found
            if struct.unpack_from('>H', segment, 2)[0] == 53:
                yield protocol, addresses + segment[:2], segment


def conversations(folder):
    """(carrier, [message, ...]) for each flow of each capture, in the order they began."""
    out = []
    for path in sorted(pathlib.Path(folder).glob('*.pcap*')):
        flows = {}
        for protocol, key, segment in _segments(path):
            body = segment[8:] if protocol == UDP else segment[4 * (segment[12] >> 4):]
            sequence = struct.unpack_from('>I', segment, 4)[0] if protocol == TCP else len(flows)
            if body:
                flows.setdefault((protocol, key), []).append((sequence, body))
        for (protocol, _), parts in flows.items():
            if protocol == UDP:
                out.append(('udp', [body for _, body in parts]))
            else:
                stream = b''.join(body for _, body in sorted(dict(parts).items()))
                out.append(('tcp', _cut(stream)))
    return out
