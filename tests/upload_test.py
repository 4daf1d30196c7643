#!/usr/bin/env python3
"""Runs examples/upload_server.cc and upload_client.cc against each other, and against clients that are
slow, broken, greedy or lie; then many at once, with the memory of the server watched.
Usage: tests/upload_test.py SERVER CLIENT THUMBNAIL UPLOADS MIB CLIENTS [MEMORY]
  THUMBNAIL  examples/thumbnail.cc: the server's thumbnails are the same
  MEMORY     the most MiB that the load may add to the server's memory: what it keeps of a file, its
             window on the rest and what Beast reads, for each client; left out under a sanitizer
"""

import contextlib
import gzip
import hashlib
import os
import re
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SERVER, CLIENT, THUMBNAIL = sys.argv[1:4]
UPLOADS, MIB, CLIENTS, *MEMORY = map(int, sys.argv[4:])
# Without pages nothing goes to files: what the forms have is in memory.
FILES = os.environ.get("QUIRE_PAGES") != "copy"
BOUNDARY = "----a-boundary"
MOST_OF_FORM, MOST_CLIENTS, MOST_PAINTERS = 32 << 20, 32, 2
PHOTO = Path(__file__).parent.parent / "examples/data/grace_hopper.jpg"


def form(files):
    """The body of a form with these (name, content)."""
    parts = [b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n'
             b"Content-Type: application/octet-stream\r\n\r\n%s\r\n" %
             (BOUNDARY.encode(), name.encode(), content) for name, content in files]
    return b"".join(parts) + b"--%s--\r\n" % BOUNDARY.encode()


def head(length, path="/upload", extra="", kind=f"multipart/form-data; boundary={BOUNDARY}"):
    return start(f"Content-Length: {length}\r\n{extra}", path, kind) + b"\r\n"


def start(fields, path="/upload", kind=f"multipart/form-data; boundary={BOUNDARY}"):
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
            f"{fields}").encode()


def png(width, height, channels):
    """A picture of zeros; pixels that are not there when channels is 0."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = zlib.compress(bytes(height * (1 + width * channels)) if channels else b"", 1)
    return (b"\x89PNG\r\n\x1a\n" +
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)) +
            chunk(b"IDAT", rows) + chunk(b"IEND", b""))


class Server:
    def __init__(self, **options):
        self.process = subprocess.Popen([SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        **options)
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}/upload"
        self.ask(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.5)
        self.idle = self.descriptors()

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.settimeout(60)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
            return read_answer(connection)[:2]

    def ask_form(self, files, **options):
        body = form(files)
        return self.ask(head(len(body), **options), body)

    def sent_until_closed(self, begin, piece, most):
        """The status of the answer to `begin` and then `piece` for ever, and how often that went."""
        with self.connect() as connection:
            count = 0
            try:
                connection.sendall(begin)
                for count in range(most):
                    connection.sendall(piece)
            except OSError:
                pass
            return read_answer(connection)[0], count

    def memory(self):
        """Bytes of its own: not those of files that it has mapped."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return sum(int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) << 10
                   for name in ("RssAnon", "RssShmem"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def wait_until_idle(self):
        """A connection may linger for a second, and then nothing stays open."""
        for _ in range(100):
            if self.descriptors() == self.idle:
                return
            time.sleep(0.05)
        assert self.descriptors() == self.idle, "a descriptor stays open"

    @contextlib.contextmanager
    def costs_at_most(self, mib):
        """Meanwhile no more memory than that; afterwards nothing but memory that is kept for reuse."""
        self.wait_until_idle()
        before = self.memory()
        peak, running = [before], True

        def watch():
            while running:
                peak[0] = max(peak[0], self.memory())
                time.sleep(0.005)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            running = False
            watcher.join()
        self.wait_until_idle()
        extra = peak[0] - before
        print(f"   with {extra / 2**20:.1f} MiB more memory, {self.threads()} threads", flush=True)
        assert not (MEMORY and FILES) or extra <= mib << 20, f"only {mib} MiB are allowed"

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0, "the server did not end well"


def read_answer(connection):
    """Status, body and header; no status where there is no answer."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return None, b"", b""
            data += piece
    except ConnectionResetError:
        return None, b"", b""
    header, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", header).group(1))
    while len(body) < length:
        body += connection.recv(65536)
    return int(header.split()[1]), body, header


def line(content, name, where="disk"):
    return f"{len(content)} {where} {hashlib.sha256(content).hexdigest()} {name}\n".encode()


def check(what, got, wanted):
    assert got == wanted, f"{what}: got {got!r}, wanted {wanted!r}"
    print("ok", what, flush=True)


def run_client(url, *files, **options):
    return subprocess.run([CLIENT, url, *files], timeout=60, capture_output=True, check=False,
                          **options)


def test_client(server, folder):
    data = os.urandom(3_000_000)
    large, small = folder / "large.bin", folder / "small.txt"
    large.write_bytes(data)
    small.write_bytes(b"small")
    run = run_client(server.url, large, small, "-", input=b"standard input")
    check("the client's files arrive", (run.stdout, run.stderr), (
        line(data, "large.bin") + line(b"small", "small.txt") + line(b"standard input", "-"), b""))

    too_large = folder / "too_large.bin"
    with too_large.open("wb") as file:
        file.truncate(33 << 20)
    run = run_client(server.url, too_large)
    check("a refusal is not tried again", (run.returncode, run.stderr),
          (1, b"refused with status 413\n"))

    script = Path(__file__).parent / "adapters/support/http_server.py"
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as other:
        port = int(other.stdout.readline())
        whole = (f"file large.bin {len(data)} {hashlib.sha256(data).hexdigest()}\n"
                 f"file - 8 {hashlib.sha256(b'standard').hexdigest()}\n").encode()
        for what in "busy", "drop":
            run = run_client(f"http://127.0.0.1:{port}/{what}/2", large, "-", input=b"standard")
            said = run.stderr.splitlines()
            check(f"sent again, as the server was of the kind: {what}",
                  (run.returncode, run.stdout, len(said), said[-1]), (0, whole, 3, b"sent 3 times"))
        run = run_client(f"http://127.0.0.1:{port}/busy/99", small)
        check("in the end it gives up", (run.returncode, run.stdout, run.stderr.splitlines()),
              (1, b"", [b"status 503"] * 6 + [b"given up"]))
        other.stdin.close()


def test_busy(server, folder):
    """Who gets no thread is told so, and the client comes back."""
    small = folder / "small.txt"
    small.write_bytes(b"small")
    others = [server.connect() for _ in range(MOST_CLIENTS)]
    check("too many clients", server.ask(b""), (503, b"too many clients\n"))
    with subprocess.Popen([CLIENT, server.url, small], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as client:
        refused = client.stderr.readline()
        for other in others:
            other.close()
        said = client.stdout.read()
    check("served when the others have gone", (refused != b"", said),
          (True, line(b"small", "small.txt", "memory")))


def test_thumbnails(server, folder):
    url = server.url.replace("upload", "thumbnail")
    subprocess.run([THUMBNAIL, "--out", folder, PHOTO], check=True, stdout=subprocess.DEVNULL)
    run = run_client(url, PHOTO)
    check("a photograph", run.stdout == (folder / "grace_hopper.png").read_bytes(), True)

    def ask(*files):
        return server.ask_form([(f"{i}", file) for i, file in enumerate(files)], path="/thumbnail")

    def size(answer):
        return answer[0], *struct.unpack(">II", answer[1][16:24])

    check("a PNG", size(ask(png(1000, 500, 4))), (200, 256, 128))
    check("no picture", ask(b"some words"),
          (422, b"neither JPEG nor PNG: the first byte is 0x73\n"))
    check("half a picture", ask(PHOTO.read_bytes()[:20_000])[0], 422)
    check("two pictures", ask(b"a", b"b"), (400, b"not one picture\n"))
    with server.costs_at_most(4):
        check("as many pixels as it likes", ask(png(60_000, 60_000, 0))[0], 413)
    many = png(4000, 4000, 4)
    with server.costs_at_most(MOST_PAINTERS * 64 + 16), ThreadPoolExecutor(8) as threads:
        answers = [answer[0] for answer in threads.map(ask, [many] * 8)]
    check("as many pictures as they like", (200 in answers, set(answers) <= {200, 503}), (True, True))


def test_answers(server):
    files = [("a", b"abc")]
    lines = line(b"abc", "a", "memory")
    check("a form", server.ask_form(files), (200, lines))
    for accepted, coded in (("gzip", True), ("br, GZIP;q=0.5", True), ("x-gzip, deflate", False),
                            ("gzip;q=0", False), ("gzip; q=0.000, br", False), ("", False)):
        status, body = server.ask_form(files, extra=f"Accept-Encoding: {accepted}\r\n")
        if coded:
            body = gzip.decompress(body)
        check(f"Accept-Encoding: {accepted}", (status, body), (200, lines))
    good = form(files)
    check("byte by byte", server.ask(*(byte.to_bytes(1, "big") for byte in head(len(good)) + good)),
          (200, lines))
    check("in chunks", server.ask(start("Transfer-Encoding: chunked\r\n\r\n"),
                                  *(b"1;x=y\r\n%c\r\n" % byte for byte in good), b"0\r\n\r\n"),
          (200, lines))
    check("no form", server.ask(head(3, kind="text/plain"), b"abc")[0], 415)
    check("elsewhere", server.ask(head(len(good), path="/other"), good)[0], 404)
    check("not to be had", server.ask(b"GET /upload HTTP/1.1\r\nHost: localhost\r\n\r\n")[0], 404)
    for length, wanted in ((len(good), b"HTTP/1.1 100 Continue\r\n\r\n"), (10**9, b"HTTP/1.1 413 ")):
        with server.connect() as connection:
            connection.sendall(head(length, extra="Expect: 100-continue\r\n"))
            check(f"may I send {length} bytes?", connection.recv(len(wanted)), wanted)
            if length == len(good):
                connection.sendall(good)
                check("then I do", read_answer(connection)[:2], (200, lines))


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
    check("other fields, other cases", ask(
        mark + b'\r\nX: filename="x"\r\nCONTENT-DISPOSITION: form-data; NAME="n\\"; filename=\\"q"'
        b"\r\n\r\nabc" + end), (200, line(b"abc", 'n"; filename="q', "memory")))
    check("a name of two lines", ask(mark + part.replace(b'"n"', b'"n\n5 memory"') + b"abc" + end)[0],
          400)
    check("more header than file", ask(mark + b"\r\nX: " + b"y" * 9000 + part + b"abc" + end)[0], 400)
    check("no boundary", ask(mark + part + b"abc" + end, "multipart/form-data")[0], 400)
    check("too long a boundary", ask(mark, "multipart/form-data; boundary=" + 71 * "x")[0], 400)


def test_hostile(server):
    good = form([("a", b"abc" * 1000)])

    def ask_fields(fields, body=good):
        return server.ask(start(fields + "\r\n\r\n"), body)[0]

    with server.costs_at_most(8):
        check("cut off", server.ask(head(len(good)), good[:-50], half_close=True)[0], 400)
        check("less than it claims", server.ask(head(len(good) + 1000), good, half_close=True)[0], 400)
        check("more than it claims", server.ask(head(len(good) - 1000), good)[0], 400)
        check("another boundary",
              server.ask(head(len(good)), good.replace(b"a-bound", b"b-bound"))[0], 400)
        check("no form in it", server.ask(head(1000), b"x" * 1000)[0], 400)
        check("too many files", server.ask_form([(f"{i}", b"x") for i in range(17)])[0], 413)
        check("not HTTP", server.ask(b"\x16\x03\x01\x02\x00" * 10 + b"\r\n\r\n")[0], 400)
        for length in ("-1", "3 4", "0x10", "9" * 30, f"{len(good)}\r\nContent-Length: 5",
                       f"{len(good)}\r\nTransfer-Encoding: chunked"):
            check(f"Content-Length: {length!r}", ask_fields(f"Content-Length: {length}"), 400)
        for body in (b"x\r\n", b"5\r\nabc", b"1\r\nab", b"f" * 17 + b"\r\n"):
            check(f"in chunks of {body!r}", server.ask(start("Transfer-Encoding: chunked\r\n\r\n"),
                                                       body, half_close=True)[0], 400)
        with server.connect():
            pass  # comes and goes
        # What is refused at once is not taken all the same.
        mib = b"a" * (1 << 20)
        for what, begin, piece, wanted, most in (
                ("a terabyte, it says", head(10**12), mib, 413, 16),
                ("a header without end", b"GET /", mib, 431, 16),
                ("fields without end", start(""), b"X: y\r\n" * 100_000, 431, 16),
                ("chunks without end", start("Transfer-Encoding: chunked\r\n\r\n"),
                 b"100000\r\n" + mib + b"\r\n", 413, 48)):
            status, count = server.sent_until_closed(begin, piece, 1000)
            check(what, (status, count <= most), (wanted, True))
    body = form([("f", b"")])
    largest = MOST_OF_FORM - len(body)
    with server.costs_at_most(8):
        for size, status in ((largest, 200), (largest + 1, 413)):
            check(f"a form of {len(body) + size} bytes",
                  server.ask_form([("f", bytes(size))])[0], status)
    check("and then a form", server.ask(head(len(good)), good)[0], 200)


def test_no_room():
    """A file of the server's can have no more than a MiB: a disk that is full."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    server = Server(preexec_fn=limit)
    try:
        check("no room on the disk", server.ask_form([("a", bytes(3 << 20))])[0], 507)
        check("but in memory", server.ask_form([("a", b"abc")])[0], 200)
    finally:
        server.close()


def test_no_descriptor():
    """More clients than the server may have descriptors for: they wait, and it does nothing meanwhile."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    def seconds():
        fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii").split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    server = Server(preexec_fn=limit)
    try:
        others = [server.connect() for _ in range(MOST_CLIENTS)]
        time.sleep(0.5)
        before = seconds()
        time.sleep(1)
        check("waiting for a descriptor", seconds() - before < 0.3, True)
        for other in others:
            other.close()
        check("and there is one", server.ask_form([("a", b"abc")])[0], 200)
    finally:
        server.close()


def slow_clients(server):
    """Each is refused, and keeps nothing for longer than a form may take."""
    good = form([("slow", b"x" * 10_000)])

    def pieces_of(data, size):
        return [data[i:i + size] for i in range(0, len(data), size)]

    def ask(what, seconds, *pieces, pause=0.0):
        begin = time.monotonic()
        answer = server.ask(*pieces, pause=pause)
        took = time.monotonic() - begin
        check(what, (answer[0], took < seconds), (408, True))

    return (lambda: ask("a slow body", 60, head(len(good)), *pieces_of(good, 100), pause=0.3),
            lambda: ask("a slow header", 40, *pieces_of(head(len(good)), 1), pause=0.1),
            lambda: ask("silence", 30),
            lambda: ask("silence behind the header", 30, head(len(good))),
            lambda: ask("silence after half", 30, head(len(good)), good[:1000]),
            lambda: ask("a lie, and silence", 30, head(len(good) + 1000), good))


def test_load(server):
    """Many who send much, beside a few who are slow."""
    wrong = []

    def client(number):
        data = os.urandom(1 << 20) * MIB
        for i in range(number, UPLOADS, CLIENTS):
            name = f"file{i}"
            content = i.to_bytes(4, "big") + data[4:]
            answer = server.ask_form([(name, content)])
            if answer != (200, line(content, name)):
                wrong.append((name, answer))

    tests = [*slow_clients(server), *(lambda i=i: client(i) for i in range(CLIENTS))]
    with server.costs_at_most(*MEMORY or [0]), ThreadPoolExecutor(len(tests)) as threads:
        for result in [threads.submit(test) for test in tests]:
            result.result()
    check(f"{UPLOADS} uploads of {MIB} MiB by {CLIENTS} clients", wrong, [])


def main():
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            test_client(server, folder)
            test_busy(server, folder)
            test_thumbnails(server, folder)
        test_answers(server)
        test_forms(server)
        test_hostile(server)
        if FILES:
            test_no_room()
        if MEMORY:  # a sanitizer needs descriptors to look at memory
            test_no_descriptor()
        test_load(server)
    finally:
        server.close()
    print("all ok")


if __name__ == "__main__":
    main()
