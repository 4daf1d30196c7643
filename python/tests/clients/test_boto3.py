"""boto3 uploads streams to and downloads objects from a server of moto's, small and in parts."""

import csv
import io
import multiprocessing
import random

import boto3
import pytest
import quire
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from moto.server import ThreadedMotoServer

SMALL = b"a small object\n" * 1000
LARGE = random.Random(3).randbytes(12 << 20)
PARTS = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)


def serve(connection):
    """Until the connection is closed at the other end."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    connection.send(server.get_host_and_port())
    try:
        connection.recv()
    except EOFError:
        server.stop()


@pytest.fixture(scope="module")
def client():
    # A process of its own, whose memory is not measured with ours.
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    server = spawn.Process(target=serve, args=(theirs,))
    server.start()
    theirs.close()
    try:
        assert ours.poll(60)
        host, port = ours.recv()
        client = boto3.client(
            "s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1",
            aws_access_key_id="any", aws_secret_access_key="any",
            config=Config(connect_timeout=60, read_timeout=60, retries={"max_attempts": 1}))
        client.create_bucket(Bucket="bucket")
        yield client
        client.close()
    finally:
        ours.close()
        server.join(60)
        server.kill()


def stored(client, key="key"):
    return client.get_object(Bucket="bucket", Key=key)["Body"].read()


@pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "parts"])
def test_upload_and_download(BytesIO, client, data):
    client.upload_fileobj(BytesIO(data), "bucket", "key", Config=PARTS)
    assert stored(client) == data
    stream = BytesIO()
    client.download_fileobj("bucket", "key", stream, Config=PARTS)
    assert stream.getvalue() == data


def test_a_download_begins_at_the_beginning(BytesIO, client):
    client.put_object(Bucket="bucket", Key="key", Body=b"twelve bytes")
    stream = BytesIO(b"these are longer")
    stream.seek(0, 2)
    client.download_fileobj("bucket", "key", stream)
    assert stream.getvalue() == b"twelve bytesnger"


def test_an_upload_begins_where_the_stream_stands(BytesIO, client):
    stream = BytesIO()
    stream.write(SMALL)
    client.upload_fileobj(stream, "bucket", "key")
    assert stored(client) == b""
    stream = BytesIO(SMALL)
    stream.seek(100)
    client.upload_fileobj(stream, "bucket", "key")
    assert stored(client) == SMALL[100:]


def test_the_seeds_csv_is_uploaded(BytesIO, client):
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["Test1", "Test2"])
    writer.writerow(["TestA", "TestB"])
    client.upload_fileobj(BytesIO(stream.getvalue().encode()), "bucket", "csv_key")
    assert stored(client, "csv_key") == b"Test1,Test2\r\nTestA,TestB\r\n"


def test_put_object_takes_a_stream_and_leaves_it_open(BytesIO, client):
    stream = BytesIO(SMALL)
    client.put_object(Bucket="bucket", Key="key", Body=stream)
    assert stored(client) == SMALL
    assert not stream.closed


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "parts"])
def test_an_upload_closes_the_stream(BytesIO, client, data):
    stream = BytesIO(data)
    client.upload_fileobj(stream, "bucket", "key", Config=PARTS)
    assert stream.closed == (data is SMALL)


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "parts"])
def test_a_kept_stream_survives_the_upload(client, data):
    stream = quire.BytesIO(data, keep_open=True)
    for key in ("first", "second"):
        stream.seek(0)
        client.upload_fileobj(stream, "bucket", key, Config=PARTS)
        assert stored(client, key) == data
    assert not stream.closed
    assert stream.getvalue() == data


def test_a_reader_is_closed_in_the_streams_place(client):
    stream = quire.BytesIO(SMALL)
    reader = stream.reader()
    client.upload_fileobj(reader, "bucket", "key")
    assert stored(client) == SMALL
    assert reader.closed
    assert not stream.closed


def test_the_body_of_an_object_is_copied_into_a_stream(BytesIO, client):
    client.put_object(Bucket="bucket", Key="key", Body=LARGE)
    body = client.get_object(Bucket="bucket", Key="key")["Body"]
    stream = BytesIO()
    for chunk in body.iter_chunks(1 << 16):
        stream.write(chunk)
    assert stream.getvalue() == LARGE


@pytest.mark.parametrize("threshold", [16 << 20, 5 << 20], ids=["one piece", "parts"])
def test_an_upload_holds_no_copy_of_the_stream(BytesIO, client, memory, threshold):
    stream = BytesIO()
    for i in range(0, len(LARGE), 1 << 16):
        stream.write(LARGE[i:i + (1 << 16)])
    stream.seek(0)
    config = TransferConfig(multipart_threshold=threshold, multipart_chunksize=5 << 20,
                            use_threads=False)

    def upload():
        client.upload_fileobj(stream, "bucket", "large", Config=config)

    memory.check(upload, len(LARGE), io=0.8, quire=0.8)
    assert stored(client, "large") == LARGE


def test_a_download_holds_the_object_once(BytesIO, client, memory):
    client.put_object(Bucket="bucket", Key="large", Body=LARGE)
    stream = BytesIO()
    config = TransferConfig(multipart_threshold=16 << 20, use_threads=False)

    def download():
        client.download_fileobj("bucket", "large", stream, Config=config)

    memory.check(download, len(LARGE), io=1.3, quire=1.3)
    assert stream.getvalue() == LARGE
