#!/usr/bin/env python3
"""Can whatever answers in Redis' place stop utwatch, or make it wait? usage: odd_redis.py UTWATCH

A server that takes no connection, says what nobody asked for, redirects to nowhere, or never comes to an end: utwatch reads its capture to
the end, judges as if it were alone, and ends in time.
"""
import os
import random
import socket
import subprocess
import sys
import threading
import time

from run_utwatch import PCAPS
from checks import check, finish

CAPTURE = os.path.join(PCAPS, "openssl-tls12-resumed-id.pcap")
utwatch = sys.argv[1]
ANSWERS = {
    "nothing at all": lambda _: b"",
    "two answers to one question": lambda _: b"+OK\r\n+OK\r\n+OK\r\n",
    "an array": lambda _: b"*2\r\n*1\r\n$1\r\na\r\n:1\r\n",
    "random bytes": lambda _: random.randbytes(100),
    "that it is loading": lambda asked: b"-LOADING Redis is loading the dataset in memory\r\n" * asked,
    "that it may not write": lambda asked: b"-READONLY You can't write against a read only replica.\r\n" * asked,
    "a redirection to nowhere": lambda asked: b"-MOVED 1 :0\r\n" * asked,
    "a redirection to itself": lambda asked: b"-MOVED 1 :%d\r\n" % port * asked,
    "a redirection to a name": lambda asked: b"-MOVED 1 does.not.exist.invalid:6379\r\n" * asked,
    "a redirection to a dead node": lambda asked: b"-ASK 1 127.0.0.1:1\r\n" * asked,
    "a text without an end": lambda _: b"$500000000\r\n" + b"x" * 1000000,
    "the integer 1 always": lambda asked: b":1\r\n" * asked,
    "a key that is none": lambda asked: b"$5\r\nhello\r\n" * asked,
}


def serve(listener, answer, greeting):
    def one(c):
        try:
            if greeting:
                c.sendall(greeting)
            while data := c.recv(65536):
                asked = data.count(b"\r\nSETNX\r\n") + data.count(b"\r\nGET\r\n") + data.count(b"\r\nGETEX\r\n") + data.count(b"\r\nEVAL\r\n")
                c.sendall(answer(asked))
        except OSError:
            pass

    try:
        while True:
            threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()
    except OSError:
        pass


def run(what, url, seconds):
    """The capture at once, a wait, and then its end; so that patience runs out in between."""
    p = subprocess.Popen([utwatch, "-q", "--state", url, "-r", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with open(CAPTURE, "rb") as f:
        p.stdin.write(f.read())
    p.stdin.flush()
    time.sleep(seconds)
    early = p.poll()
    began = time.monotonic()
    p.stdin.close()
    text = p.stderr.read().decode("utf-8", "replace")
    status = p.wait(timeout=120)
    ending = time.monotonic() - began
    check(early is None and status in (0, 1) and ending <= 30 and "secret" not in text,
          "%s: ended early with %s, status %d, %.1f s to the end, %s" % (what, early, status, ending, text[-600:]))


for what, answer in ANSWERS.items():
    for greeting in (b"", b"+OK ready\r\n") if what in ("nothing at all", "the integer 1 always") else (b"",):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            threading.Thread(target=serve, args=(listener, answer, greeting), daemon=True).start()
            run("%s%s" % (what, ", after a greeting" if greeting else ""), "redis://:secret@127.0.0.1:%d" % port,
                2.6 if what == "nothing at all" else 0.6)
# A queue of connections that is full: the SYN gets no answer, as from a host that is gone.
with socket.socket() as full:
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    held = []
    for _ in range(3):
        c = socket.socket()
        c.setblocking(False)
        c.connect_ex(full.getsockname())
        held.append(c)
    run("no connection", "redis://127.0.0.1:%d" % full.getsockname()[1], 5)
    for c in held:
        c.close()
finish()
