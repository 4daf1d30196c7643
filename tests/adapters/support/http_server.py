#!/usr/bin/env python3
"""An HTTP server with manners and without, for tests of clients: prints its port, serves until its
standard input ends.

  /echo               what was sent, and how
  /sha256             of what was sent, as hexadecimal digits
  /form               of a multipart form: the name, file name, size and SHA-256 of each part
  /bytes/N            N bytes; /chunked/N without Content-Length; /cut/N all but the last
  /redirect           307, after all was taken, to /echo
  /digest             asks for a digest, after all was taken; then as /echo
  /busy/N             503 for the first N requests, then as /sha256, and of a form as /form
  /drop/N             likewise, but hangs up on the first N when it has some of the body
  /status/N           that status, and a page
"""

import email
import email.policy
import hashlib
import http.server
import sys
import threading

busy = {}


def pattern(size):
    return bytes(ord(" ") + (i * 7 + i // 251) % 95 for i in range(size))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            pieces = []
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
                if size == 0:
                    return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_first_of(self, number):
        busy[self.path] = busy.get(self.path, 0) + 1
        return busy[self.path] <= number

    def form(self, sent):
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        form = email.message_from_bytes(head + sent, policy=email.policy.HTTP)
        lines = []
        for part in form.iter_parts():
            content = part.get_payload(decode=True)
            name = part.get_param("name", header="content-disposition")
            lines.append(f"{name} {part.get_filename()} {len(content)} "
                         f"{hashlib.sha256(content).hexdigest()}\n")
        return "".join(lines).encode()

    def do_GET(self):
        kind, _, argument = self.path[1:].partition("/")
        number = int(argument) if argument.isdigit() else 0
        if kind == "drop" and self.is_first_of(number):
            self.rfile.read(100_000)
            self.close_connection = True
            return
        sent = self.body()
        if kind == "echo":
            self.answer(200, sent, [("X-Method", self.command)])
        elif kind == "sha256":
            self.answer(200, hashlib.sha256(sent).hexdigest().encode())
        elif kind == "form":
            self.answer(200, self.form(sent))
        elif kind == "bytes":
            self.answer(200, pattern(number))
        elif kind == "chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            data = pattern(number)
            for at in range(0, number, 1000):
                piece = data[at:at + 1000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        elif kind == "cut":
            self.send_response(200)
            self.send_header("Content-Length", str(number))
            self.end_headers()
            self.wfile.write(pattern(number)[:-1])
            self.close_connection = True
        elif kind == "redirect":
            self.answer(307, b"a page that nobody wants", [("Location", "/echo")])
        elif kind == "digest":
            if self.headers.get("Authorization", "").startswith("Digest"):
                self.answer(200, sent, [("X-Method", self.command)])
            else:
                self.answer(401, b"who are you?",
                            [("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"')])
        elif kind == "busy" and self.is_first_of(number):
            self.answer(503, b"later")
        elif kind in ("busy", "drop"):
            is_form = self.headers.get_content_type() == "multipart/form-data"
            self.answer(200, self.form(sent) if is_form else
                        hashlib.sha256(sent).hexdigest().encode())
        elif kind == "status":
            self.answer(number, b"a page about it")
        else:
            self.answer(404, b"no such page")

    do_POST = do_PUT = do_GET


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # clients that leave are what the tests are about


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
