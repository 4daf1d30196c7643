"""Streams pass through multiprocessing's pipes and queues, and through a queue between threads."""

import multiprocessing
import queue
import threading

import pytest

SPAWN = multiprocessing.get_context("spawn")
DEADLINE = 60
DATA = bytes(range(256)) * 1024


def turn_round(connection):
    """Reads the rest of the stream that it is sent, and sends back a stream with it reversed."""
    stream = connection.recv()
    stream.reversed = stream.read()[::-1]
    stream.seek(0, 2)
    stream.write(b" and more")
    connection.send(stream)
    connection.close()


def put_lengths(source, target):
    for stream in iter(source.get, None):
        target.put((stream.tell(), len(stream.getvalue())))


def finish(process):
    process.join(DEADLINE)
    if process.is_alive():
        process.kill()
        process.join()
    assert process.exitcode == 0


def test_a_pipe_carries_a_stream_there_and_back(BytesIO):
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=turn_round, args=(theirs,))
    process.start()
    try:
        stream = BytesIO(b"skipped hello")
        stream.seek(8)
        ours.send(stream)
        assert ours.poll(DEADLINE)
        answer = ours.recv()
    finally:
        finish(process)
    assert type(answer) is BytesIO
    assert answer.reversed == b"olleh"
    assert answer.getvalue() == b"skipped hello and more"
    assert stream.tell() == 8


def test_a_queue_carries_streams(BytesIO):
    source, target = SPAWN.Queue(), SPAWN.Queue()
    process = SPAWN.Process(target=put_lengths, args=(source, target))
    process.start()
    try:
        for size in (0, 10, len(DATA)):
            stream = BytesIO(DATA[:size])
            stream.seek(size // 2)
            source.put(stream)
        source.put(None)
        answers = [target.get(timeout=DEADLINE) for _ in range(3)]
    finally:
        finish(process)
    assert answers == [(0, 0), (5, 10), (len(DATA) // 2, len(DATA))]


def test_bytes_are_sent_from_and_received_into_the_buffer(BytesIO):
    first, second = multiprocessing.Pipe()
    stream = BytesIO(DATA[:50_000])
    target = BytesIO(bytes(60_000))
    first.send_bytes(stream.getbuffer())
    with target.getbuffer() as view:
        assert second.recv_bytes_into(view, 10_000) == 50_000
    assert target.getvalue() == bytes(10_000) + DATA[:50_000]
    first.send_bytes(stream.getvalue())
    assert second.recv_bytes() == DATA[:50_000]
    first.close()
    second.close()


def test_a_pipe_adds_the_message_that_is_received(BytesIO, memory):
    stream, target = BytesIO(), BytesIO(bytes(len(DATA) * 16))
    for _ in range(16):
        stream.write(DATA)
    # One way, which brings 64 KiB at a time: of a socket a reader may get megabytes at once, and it keeps
    # the last piece while it makes room for the next.
    second, first = multiprocessing.Pipe(duplex=False)

    def carry():
        thread = threading.Thread(target=first.send_bytes, args=(stream.getbuffer(),))
        thread.start()
        with target.getbuffer() as view:
            second.recv_bytes_into(view)
        thread.join(DEADLINE)

    with first, second:
        memory.check(carry, len(DATA) * 16, io=1.3, quire=1.3)
    assert target.getvalue() == stream.getvalue() == DATA * 16


def test_shared_memory_is_filled_from_a_stream(BytesIO):
    from multiprocessing.shared_memory import SharedMemory

    memory = SharedMemory(create=True, size=len(DATA))
    try:
        assert BytesIO(DATA).readinto(memory.buf) == len(DATA)
        stream = BytesIO()
        stream.write(memory.buf[:len(DATA)])
        assert stream.getvalue() == DATA
    finally:
        memory.close()
        memory.unlink()


def test_a_queue_hands_streams_to_a_thread(BytesIO, photograph):
    from PIL import Image

    handed, done = queue.Queue(), queue.Queue()

    def consume():
        for stream in iter(handed.get, None):
            with Image.open(stream) as image:
                image.verify()
                done.put(image.size)

    thread = threading.Thread(target=consume)
    thread.start()
    for _ in range(10):
        handed.put(BytesIO(photograph))
    handed.put(None)
    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert done.qsize() == 10
    assert min(done.get()) > 0


@pytest.mark.parametrize("operation", ["read", "write"])
def test_threads_on_one_stream_lose_no_byte(BytesIO, operation):
    stream = BytesIO(bytes(40_000) if operation == "read" else b"")
    read = []

    def work():
        for _ in range(10_000):
            if operation == "read":
                read.append(stream.read(1))
            else:
                stream.write(b"x")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    if operation == "read":
        assert b"".join(read) == bytes(40_000)
    else:
        assert stream.getvalue() == b"x" * 40_000
