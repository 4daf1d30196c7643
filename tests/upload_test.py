#!/usr/bin/env python3
"""Runs examples/upload_server.cc and upload_client.cc against each other, and against clients that are
slow, broken, greedy or lie; then many at once, with the memory of the server watched.
Usage: tests/upload_test.py SERVER CLIENT UPLOADS MIB CLIENTS [MEMORY]
  MEMORY  the most MiB that the load may add to the server's memory: what it keeps of a file, its window
          on the rest and what the library reads, for each client
"""

import gzip
import hashlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SERVER, CLIENT = sys.argv[1:3]
UPLOADS, MIB, CLIENTS, *MEMORY = map(int, sys.argv[3:])
BOUNDARY = "----a-boundary"


def form(files):
    """The body of a form with these (name, content)."""
    parts = [b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n'
             b"Content-Type: application/octet-stream\r\n\r\n%s\r\n" %
             (BOUNDARY.encode(), name.encode(), content) for name, content in files]
    return b"".join(parts) + b"--%s--\r\n" % BOUNDARY.encode()


def head(length, path="/upload", extra="", kind=f"multipart/form-data; boundary={BOUNDARY}"):
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {length}\r\n{extra}\r\n").encode()


class Server:
    def __init__(self):
        self.process = subprocess.Popen([SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.settimeout(60)
        return connection

    def ask(self, *pieces, pause=0.0, half_close=False):
        """Status and body of the answer to what these come to."""
        with self.connect() as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(pause)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it may have answered before it was told all
            return read_answer(connection)

    def memory(self):
        """Bytes of its own: not those of files that it has mapped."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return sum(int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) << 10
                   for name in ("RssAnon", "RssShmem"))

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0, "the server did not end well"


def read_answer(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None, b""
        data += piece
    header, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", header).group(1))
    while len(body) < length:
        body += connection.recv(65536)
    if b"gzip" in header.lower():
        body = gzip.decompress(body)
    return int(header.split()[1]), body


def line(content, name, where="disk"):
    return f"{len(content)} {where} {hashlib.sha256(content).hexdigest()} {name}\n".encode()


def check(what, got, wanted):
    assert got == wanted, f"{what}: got {got!r}, wanted {wanted!r}"
    print("ok", what, flush=True)


def test_client(server, folder):
    data = os.urandom(3_000_000)
    large, small = folder / "large.bin", folder / "small.txt"
    large.write_bytes(data)
    small.write_bytes(b"small")
    url = f"http://127.0.0.1:{server.port}/upload"
    run = subprocess.run([CLIENT, url, large, small, "-"], input=b"standard input", timeout=60,
                         stdout=subprocess.PIPE, check=True)
    check("the client's files arrive", run.stdout, line(data, "large.bin") +
          line(b"small", "small.txt") + line(b"standard input", "-"))

    too_large = folder / "too_large.bin"
    with too_large.open("wb") as file:
        file.truncate(33 << 20)
    run = subprocess.run([CLIENT, url, too_large], timeout=60, capture_output=True, check=False)
    check("a refusal is not tried again", (run.returncode, run.stderr),
          (1, b"refused with status 413\n"))

    script = Path(__file__).parent / "adapters/support/http_server.py"
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as busy:
        port = int(busy.stdout.readline())
        run = subprocess.run([CLIENT, f"http://127.0.0.1:{port}/busy/2", large], timeout=60,
                             capture_output=True, check=True)
        check("a busy server is tried again", run.stderr, b"sent 3 times\n")
        assert len(run.stdout) == 64
        busy.stdin.close()


def test_answers(server):
    good = form([("a", b"abc")])
    check("a form", server.ask(head(len(good)), good), (200, line(b"abc", "a", "memory")))
    check("gzip", server.ask(head(len(good), extra="Accept-Encoding: gzip\r\n"), good),
          (200, line(b"abc", "a", "memory")))
    check("byte by byte", server.ask(head(len(good)), *(good[i:i + 1] for i in range(len(good)))),
          (200, line(b"abc", "a", "memory")))
    check("no form", server.ask(head(3, kind="text/plain"), b"abc")[0], 415)
    check("elsewhere", server.ask(head(len(good), path="/other"), good)[0], 404)


def test_forms(server):
    """What RFC 2046 allows, and what it does not."""
    def ask(body, kind=f"multipart/form-data; boundary={BOUNDARY}"):
        return server.ask(head(len(body), kind=kind), body)

    mark = b"--" + BOUNDARY.encode()
    part = b'\r\nContent-Disposition: form-data; name="n"\r\n\r\n'
    end = b"\r\n" + mark + b"--"
    good = 200, line(b"abc", "n", "memory")
    check("no line end at the end", ask(mark + part + b"abc" + end), good)
    check("words before and behind", ask(b"before\r\n" + mark + part + b"abc" + end + b"\r\nbehind"),
          good)
    check("a quoted boundary", ask(mark + part + b"abc" + end + b"\r\n",
                                   f'multipart/form-data; boundary="{BOUNDARY}"'), good)
    almost = b"\r\n" + mark[:-1] + b"\r\n\r\n--"
    check("almost a boundary", ask(mark + part + almost + end), (200, line(almost, "n", "memory")))
    check("an empty file", ask(mark + part + end), (200, line(b"", "n", "memory")))
    for what, body in (("nothing", b""), ("no part", mark + b"--"), ("no end", mark + part + b"abc"),
                       ("no header", mark + b"\r\nabc" + end),
                       ("no name", mark + b"\r\nX: y\r\n\r\nabc" + end),
                       ("words behind a boundary", mark + b"words" + part + b"abc" + end)):
        check(what, ask(body)[0], 400)
    check("no boundary", ask(mark + part + b"abc" + end, "multipart/form-data")[0], 400)
    check("too long a boundary", ask(mark, "multipart/form-data; boundary=" + 71 * "x")[0], 400)


def test_hostile(server):
    good = form([("a", b"abc" * 1000)])
    # Who hangs up gets an answer or none.
    check("cut off", server.ask(head(len(good)), good[:-50], half_close=True)[0] in (None, 400), True)
    check("less than it claims",
          server.ask(head(len(good) + 1000), good, half_close=True)[0] in (None, 400), True)
    check("another boundary", server.ask(head(len(good)), good.replace(b"a-bound", b"b-bound"))[0],
          400)
    check("a lie, and silence", server.ask(head(len(good) + 1000), good)[0], 400)
    check("no form in it", server.ask(head(1000), b"x" * 1000)[0], 400)
    many = form([(f"{i}", b"x") for i in range(17)])
    check("too many files", server.ask(head(len(many)), many)[0], 413)
    begin = time.monotonic()
    check("a terabyte, it says", server.ask(head(10**12), good)[0], 413)
    check("silent after half", server.ask(head(len(good)), good[:1000])[0], 400)
    assert time.monotonic() - begin < 60
    check("not HTTP", server.ask(b"\x16\x03\x01\x02\x00" * 10 + b"\r\n\r\n")[0] in (None, 400), True)
    with server.connect():
        pass  # comes and goes
    check("and then a form", server.ask(head(len(good)), good)[0], 200)


def test_slow(server):
    """One byte now and then keeps no thread for longer than a form may take."""
    good = form([("slow", b"x" * 10_000)])
    begin = time.monotonic()
    status, _ = server.ask(head(len(good)), *(good[i:i + 100] for i in range(0, len(good), 100)),
                           pause=0.3)
    check("too slow", status, 408)
    assert time.monotonic() - begin < 60


def test_load(server):
    before = server.memory()
    peak, wrong, running = [before], [], True

    def watch():
        while running:
            peak[0] = max(peak[0], server.memory())
            time.sleep(0.005)

    def client(number):
        data = os.urandom(1 << 20) * MIB
        for i in range(number, UPLOADS, CLIENTS):
            name = f"file{i}"
            content = i.to_bytes(4, "big") + data[4:]
            body = form([(name, content)])
            answer = server.ask(head(len(body)), body)
            if answer != (200, line(content, name, "disk" if MIB else "memory")):
                wrong.append((name, answer))

    watcher = threading.Thread(target=watch)
    watcher.start()
    clients = [threading.Thread(target=client, args=(i,)) for i in range(CLIENTS)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    running = False
    watcher.join()
    check(f"{UPLOADS} uploads of {MIB} MiB by {CLIENTS} clients", wrong, [])
    extra = peak[0] - before
    print(f"   with {extra / 2**20:.1f} MiB more memory")
    for most in MEMORY:
        assert extra <= most << 20, f"only {most} MiB are allowed"


def main():
    server = Server()
    slow = threading.Thread(target=test_slow, args=(server,))
    try:
        with tempfile.TemporaryDirectory() as folder:
            test_client(server, Path(folder))
        test_answers(server)
        test_forms(server)
        test_hostile(server)
        slow.start()
        test_load(server)
    finally:
        if slow.ident:
            slow.join()
        server.close()
    print("all ok")


if __name__ == "__main__":
    main()
