"""sqlite3 stores what the streams hold as blobs, and fills streams from blobs."""

import shutil
import sqlite3

import pytest

DATA = bytes(range(256)) * 4096


@pytest.fixture
def database():
    connection = sqlite3.connect(":memory:")
    connection.execute("create table blobs (id integer primary key, data blob)")
    yield connection
    connection.close()


@pytest.mark.parametrize("taken", ["getvalue", "getbuffer", "read"])
def test_a_stream_is_stored_and_comes_back(BytesIO, database, taken):
    stream = BytesIO(DATA)
    database.execute("insert into blobs values (1, ?)", (getattr(stream, taken)(),))
    (data,) = database.execute("select data from blobs").fetchone()
    assert BytesIO(data).read() == DATA


def test_a_blob_is_copied_piece_by_piece(BytesIO, database):
    database.execute("insert into blobs values (1, zeroblob(?))", (len(DATA),))
    with database.blobopen("blobs", "data", 1) as blob:
        shutil.copyfileobj(BytesIO(DATA), blob)
        blob.seek(0)
        stream = BytesIO()
        shutil.copyfileobj(blob, stream)
        with stream.getbuffer() as view:
            blob[10:14] = b"####"
            blob.seek(0)
            assert view == DATA
            assert blob.read(16)[10:14] == b"####"
    assert stream.getvalue() == DATA


def test_a_database_is_serialised_into_a_stream(BytesIO, database):
    database.execute("insert into blobs values (1, ?)", (DATA,))
    database.commit()
    stream = BytesIO(database.serialize())
    again = sqlite3.connect(":memory:")
    again.deserialize(stream.getvalue())
    assert again.execute("select data from blobs").fetchone() == (DATA,)
    again.deserialize(stream.getbuffer())
    assert again.execute("select data from blobs").fetchone() == (DATA,)
    again.close()


def test_storing_what_was_written_copies_it_no_further(BytesIO, database, memory):
    stream = BytesIO()
    for i in range(0, len(DATA), 4096):
        stream.write(DATA[i:i + 4096])
    stream.seek(0)

    def store():
        database.execute("insert into blobs values (1, ?)", (stream.read(),))

    memory.check(store, len(DATA), io=1.1, quire=0.1)
