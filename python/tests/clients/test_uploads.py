"""requests uploads streams to Flask, Django and Starlette, which keep them in streams: seed 4."""

import hashlib
import io
import random
import tempfile

import django
import flask
import quire
import pytest
import requests
import starlette.applications
import starlette.responses
import starlette.routing
import werkzeug.formparser
from django.conf import settings
from PIL import Image

import servers

NOISE = random.Random(2).randbytes(3 << 20)
TIMEOUT = 60

SPOOLED = {"tempfile": tempfile.SpooledTemporaryFile, "quire": quire.SpooledIO}


@pytest.fixture(params=SPOOLED)
def Spooled(request):
    """The class that a server keeps an upload in: in memory up to a limit, then on the disk."""
    return SPOOLED[request.param]


def digest(data):
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def flask_application(BytesIO):
    """An application that makes a stream of what is uploaded, as the seed does."""
    application = flask.Flask("uploads")

    @application.post("/upload")
    def upload():
        stream = BytesIO(flask.request.files["image"].read())
        with Image.open(stream) as image:
            return {"size": image.size, "format": image.format}

    @application.post("/digest")
    def digest_of_body():
        stream = BytesIO()
        while chunk := flask.request.stream.read(1 << 16):
            stream.write(chunk)
        return digest(stream.getvalue())

    @application.post("/echo")
    def echo():
        stream = BytesIO(flask.request.get_data())
        return flask.send_file(stream, mimetype="application/octet-stream")

    return application


@pytest.fixture
def flask_server(BytesIO):
    with servers.wsgi(flask_application(BytesIO)) as address:
        yield address


def test_flask_opens_an_uploaded_photograph(BytesIO, flask_server, photograph):
    files = {"image": ("grace_hopper.jpg", BytesIO(photograph), "image/jpeg")}
    answer = requests.post(f"{flask_server}/upload", files=files, timeout=TIMEOUT)
    assert answer.json() == {"size": list(Image.open(io.BytesIO(photograph)).size), "format": "JPEG"}


def test_requests_sends_a_stream_as_the_body(BytesIO, flask_server):
    stream = BytesIO(NOISE)
    answer = requests.post(f"{flask_server}/digest", data=stream, timeout=TIMEOUT)
    assert answer.request.headers["Content-Length"] == str(len(NOISE))
    assert answer.json() == digest(NOISE)
    assert stream.tell() == len(NOISE)


def test_requests_sends_what_is_left_of_a_stream(BytesIO, flask_server):
    stream = BytesIO(NOISE)
    stream.seek(1000)
    answer = requests.post(f"{flask_server}/digest", data=stream, timeout=TIMEOUT)
    assert answer.json() == digest(NOISE[1000:])


def test_a_response_is_caught_in_a_stream_and_posted_again(BytesIO, flask_server):
    answer = requests.post(f"{flask_server}/echo", data=NOISE, timeout=TIMEOUT)
    stream = BytesIO(answer.content)
    assert answer.status_code == 200
    assert len(stream.getvalue()) == len(NOISE)
    again = requests.post(f"{flask_server}/echo", data=stream, timeout=TIMEOUT)
    assert again.content == NOISE


def test_a_download_is_streamed_into_a_stream(BytesIO, flask_server):
    stream = BytesIO()
    with requests.post(f"{flask_server}/echo", data=NOISE, stream=True, timeout=TIMEOUT) as answer:
        for chunk in answer.iter_content(1 << 16):
            stream.write(chunk)
    assert stream.getvalue() == NOISE


def sent_file(stream):
    """What Flask's send_file answers when it is asked for a range of a stream."""
    application = flask.Flask("ranges")

    @application.get("/")
    def send():
        return flask.send_file(stream, mimetype="image/png", conditional=True)

    with servers.wsgi(application) as address:
        return requests.get(address, headers={"Range": "bytes=1000-1999"}, timeout=TIMEOUT)


def test_send_file_knows_the_size_of_io_bytesio_alone(BytesIO):
    answer = sent_file(BytesIO(NOISE))
    if BytesIO is io.BytesIO:
        assert (answer.status_code, answer.content) == (206, NOISE[1000:2000])
    else:
        assert (answer.status_code, answer.content) == (200, NOISE)


def test_send_file_answers_ranges_of_what_getvalue_shares(BytesIO):
    answer = sent_file(io.BytesIO(BytesIO(NOISE).getvalue()))
    assert (answer.status_code, answer.content) == (206, NOISE[1000:2000])


@pytest.mark.parametrize("size", [1000, 100_000, len(NOISE)])
def test_werkzeug_keeps_an_upload_in_a_spooled_stream(Spooled, size):
    class Request(flask.Request):
        def _get_file_stream(self, total_content_length, content_type, filename=None,
                             content_length=None):
            return Spooled(max_size=64 << 10)

    application = flask.Flask("spooled")
    application.request_class = Request

    @application.post("/")
    def upload():
        file = flask.request.files["file"]
        assert isinstance(file.stream, Spooled)
        data = file.read()
        file.seek(0)
        copy = io.BytesIO()
        file.save(copy)
        assert copy.getvalue() == data
        return digest(data)

    with servers.wsgi(application) as address:
        answer = requests.post(address, files={"file": ("x", NOISE[:size])}, timeout=TIMEOUT)
    assert answer.json() == digest(NOISE[:size])


def test_werkzeugs_own_factory_takes_the_spooled_class(Spooled, monkeypatch):
    monkeypatch.setattr(werkzeug.formparser, "SpooledTemporaryFile", Spooled)
    application = flask.Flask("factory")

    @application.post("/")
    def upload():
        file = flask.request.files["file"]
        assert isinstance(file.stream, Spooled)
        return digest(file.read())

    with servers.wsgi(application) as address:
        answer = requests.post(address, files={"file": ("x", NOISE)}, timeout=TIMEOUT)
    assert answer.json() == digest(NOISE)


def django_application():
    """A Django application whose view answers with the digest, or the size of the picture."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import JsonResponse
    from django.urls import path

    def upload(request):
        file = request.FILES["file"]
        data = b"".join(file.chunks())
        file.seek(0)
        assert file.read() == data
        return JsonResponse(digest(data) | {"kind": type(file.file).__module__})

    def count(request):
        return JsonResponse({"size": sum(map(len, request.FILES["file"].chunks()))})

    def size(request):
        stream = application.BytesIO(request.body)
        with Image.open(stream) as image:
            return JsonResponse({"size": image.size})

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=(), DATA_UPLOAD_MAX_MEMORY_SIZE=1 << 24,
                           FILE_UPLOAD_MAX_MEMORY_SIZE=1 << 24)
        django.setup()
    settings.ROOT_URLCONF = (path("upload", upload), path("count", count), path("size", size))
    application = WSGIHandler()
    return application


def test_django_keeps_an_upload_in_the_class(BytesIO, monkeypatch):
    monkeypatch.setattr("django.core.files.uploadhandler.BytesIO", BytesIO)
    with servers.plain_wsgi(django_application()) as address:
        files = {"file": ("x", BytesIO(NOISE))}
        answer = requests.post(f"{address}/upload", files=files, timeout=TIMEOUT)
    assert answer.json() == digest(NOISE) | {"kind": BytesIO.__module__}


def test_django_opens_the_picture_in_the_body(BytesIO, photograph):
    application = django_application()
    application.BytesIO = BytesIO
    with servers.wsgi(application) as address:
        answer = requests.post(f"{address}/size", data=BytesIO(photograph), timeout=TIMEOUT)
    assert answer.json() == {"size": list(Image.open(io.BytesIO(photograph)).size)}


def test_django_files_wrap_a_stream(BytesIO):
    from django.core.files import File

    file = File(BytesIO(b"one\ntwo\r\nthree"), name="lines")
    assert file.size == 14
    assert list(file) == [b"one\n", b"two\r\n", b"three"]
    assert list(file.chunks(5)) == [b"one\nt", b"wo\r\nt", b"hree"]


@pytest.mark.parametrize("size", [1000, 2 << 20, len(NOISE)])
def test_starlette_keeps_an_upload_in_a_spooled_stream(Spooled, size, monkeypatch):
    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", Spooled)

    async def upload(request):
        async with request.form() as form:
            file = form["file"]
            assert isinstance(file.file, Spooled)
            assert file.size == size
            data = await file.read()
            await file.seek(0)
            assert await file.read(10) == data[:10]
            return starlette.responses.JSONResponse(digest(data))

    routes = [starlette.routing.Route("/", upload, methods=["POST"])]
    with servers.asgi(starlette.applications.Starlette(routes=routes)) as address:
        answer = requests.post(address, files={"file": ("x", NOISE[:size])}, timeout=TIMEOUT)
    assert answer.json() == digest(NOISE[:size])


def test_starlette_collects_a_body_in_a_stream_and_sends_it_back(BytesIO):
    async def echo(request):
        stream = BytesIO()
        async for chunk in request.stream():
            stream.write(chunk)
        stream.seek(0)
        return starlette.responses.StreamingResponse(iter(lambda: stream.read(1 << 16), b""))

    routes = [starlette.routing.Route("/", echo, methods=["POST"])]
    with servers.asgi(starlette.applications.Starlette(routes=routes)) as address:
        answer = requests.post(address, data=BytesIO(NOISE), timeout=TIMEOUT)
    assert answer.content == NOISE


def test_a_body_is_sent_without_a_copy_of_the_stream(BytesIO, memory):
    async def count(request):
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
        return starlette.responses.JSONResponse(size)

    stream = BytesIO()
    stream.write(NOISE)
    stream.seek(0)
    routes = [starlette.routing.Route("/", count, methods=["POST"])]
    with servers.asgi(starlette.applications.Starlette(routes=routes)) as address:
        requests.post(address, data=BytesIO(b"the first imports much"), timeout=TIMEOUT)
        answer = memory.check(lambda: requests.post(address, data=stream, timeout=TIMEOUT),
                              len(NOISE), io=0.6, quire=0.6)
    assert answer.json() == len(NOISE)


def test_a_form_copies_a_stream_that_was_written_once_less(BytesIO, memory):
    stream = BytesIO()
    stream.write(NOISE)
    stream.seek(0)

    def prepared():
        request = requests.Request("POST", "http://127.0.0.1", files={"file": ("x", stream)})
        return request.prepare()

    request = memory.check(prepared, len(NOISE), io=2.2, quire=1.2)
    assert NOISE in request.body


def test_flask_keeps_an_upload_once(BytesIO, memory):
    """What the client sends piece by piece the server collects and hands on whole."""
    stream = BytesIO()
    stream.write(NOISE)

    def post():
        stream.seek(0)
        return requests.post(f"{address}/digest", data=stream, timeout=TIMEOUT)

    with servers.plain_wsgi(flask_application(BytesIO)) as address:
        post()  # the first imports much
        answer = memory.check(post, len(NOISE), io=1.3, quire=1.3)
    assert answer.json() == digest(NOISE)


def test_django_keeps_an_upload_once(BytesIO, memory, monkeypatch):
    monkeypatch.setattr("django.core.files.uploadhandler.BytesIO", BytesIO)
    request = requests.Request("POST", "http://127.0.0.1", files={"file": ("x", NOISE)}).prepare()
    body, kind = BytesIO(request.body), {"Content-Type": request.headers["Content-Type"]}

    def post():
        body.seek(0)
        return requests.post(f"{address}/count", data=body, headers=kind, timeout=TIMEOUT)

    with servers.plain_wsgi(django_application()) as address:
        post()
        answer = memory.check(post, len(NOISE), io=2.2, quire=1.3)
    assert answer.json() == {"size": len(NOISE)}
