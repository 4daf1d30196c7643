"""Real servers on a port of their own, stopped when the test is over."""

import socketserver
import threading
import wsgiref.simple_server
from contextlib import contextmanager

import uvicorn
from werkzeug.serving import make_server

DEADLINE = 60


class QuietHandler(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass


class ThreadingServer(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    pass


def wsgi(application):
    """Serves a WSGI application with Werkzeug; gives its address."""
    return running(make_server("127.0.0.1", 0, application, threaded=True))


def plain_wsgi(application):
    """The same with the server of the standard library, where memory is measured.

    Werkzeug's asks for 10 MB once more when it has answered, for what a client may still send.
    """
    return running(wsgiref.simple_server.make_server("127.0.0.1", 0, application,
                                                     ThreadingServer, QuietHandler))


@contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(DEADLINE)
        server.server_close()
        assert not thread.is_alive()


@contextmanager
def asgi(application):
    """Serves an ASGI application with uvicorn; gives its address."""
    config = uvicorn.Config(application, port=0, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    socket.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        yield "http://{}:{}".format(*socket.getsockname())
    finally:
        server.should_exit = True
        thread.join(DEADLINE)
        socket.close()
        assert not thread.is_alive()
