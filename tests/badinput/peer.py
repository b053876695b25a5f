#!/usr/bin/env python3
"""A server that does not behave, on 127.0.0.1 over UDP and TCP.

usage: peer.py PORT silent | die | daemon | flood | close | garbage | drip | chatter
"""
import os
import socket
import sys
import threading
import time


def answer_to(message, offset):
    return message[: offset + 2] + bytes([message[offset + 2] | 0x80]) + message[offset + 3 :]


def forever(send):
    try:
        while True:
            send()
    except OSError:
        pass


def datagrams(how, udp):
    while True:
        message, peer = udp.recvfrom(65535)
        if how == "die":
            os._exit(3)
        if how == "flood" and len(message) > 12:
            forever(lambda: udp.sendto(answer_to(message, 0), peer))


def drip(connection):
    connection.sendall(b"\0")
    time.sleep(0.02)


def stream(how, connection):
    try:
        message = connection.recv(65535)
        if how == "flood" and len(message) > 14:
            forever(lambda: connection.sendall(answer_to(message, 2)))
        elif how == "garbage":
            forever(lambda: connection.sendall(b"\xff" * 65536))
        elif how == "drip":
            forever(lambda: drip(connection))
        while connection.recv(65535):
            pass
    except OSError:
        pass
    connection.close()


def go_into_background():
    reader, writer = os.pipe()
    if os.fork() > 0:
        os.read(reader, 1)  # until it has left our session
        os._exit(0)
    os.setsid()
    os.write(writer, b"!")


def main():
    port, how = int(sys.argv[1]), sys.argv[2]
    if how == "daemon":
        go_into_background()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for s in udp, tcp:
        s.bind(("127.0.0.1", port))
    tcp.listen(64)
    threading.Thread(target=datagrams, args=(how, udp), daemon=True).start()
    if how == "chatter":
        threading.Thread(target=forever, args=(lambda: print("x" * 1000),), daemon=True).start()
    while True:
        connection = tcp.accept()[0]
        if how == "close":
            connection.close()
        else:
            threading.Thread(target=stream, args=(how, connection), daemon=True).start()


main()
