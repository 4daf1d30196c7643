"""pyarrow writes tables into and reads them from the streams, and shares their memory."""

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest
import quire

TABLE = pa.table({"number": list(range(100_000)), "text": ["x" * (i % 7) for i in range(100_000)]})


def test_parquet_there_and_back(BytesIO):
    stream = BytesIO()
    pa.parquet.write_table(TABLE, stream)
    assert not stream.closed
    stream.seek(0)
    file = pa.parquet.ParquetFile(stream)
    assert file.metadata.num_rows == 100_000
    assert file.read(["text"]).equals(TABLE.select(["text"]))
    assert pa.parquet.read_table(stream).equals(TABLE)


def test_record_batches_through_a_stream_and_a_file(BytesIO):
    for write, read in ((pa.ipc.new_stream, pa.ipc.open_stream), (pa.ipc.new_file, pa.ipc.open_file)):
        stream = BytesIO()
        with write(stream, TABLE.schema) as writer:
            for batch in TABLE.to_batches(max_chunksize=10_000):
                writer.write_batch(batch)
        stream.seek(0)
        assert read(stream).read_all().equals(TABLE)


def test_csv_and_feather_there_and_back(BytesIO):
    stream = BytesIO()
    pa.csv.write_csv(TABLE, stream)
    assert pa.csv.read_csv(BytesIO(stream.getvalue())).num_rows == 100_000
    stream = BytesIO()
    pa.feather.write_feather(TABLE, stream)
    assert pa.feather.read_table(BytesIO(stream.getvalue())).equals(TABLE)


def test_python_file_reads_writes_and_seeks(BytesIO):
    stream = BytesIO(b"0123456789")
    file = pa.PythonFile(stream, mode="r")
    assert file.size() == 10
    assert file.read(3) == b"012"
    assert file.seek(8) == 8
    assert file.read() == b"89"
    file = pa.PythonFile(stream, mode="w")
    file.write(b"more")
    assert stream.getvalue() == b"0123456789more"


def test_arrow_shares_the_buffer(BytesIO):
    stream = BytesIO(bytes(1000))
    buffer = pa.py_buffer(stream.getbuffer())
    with pytest.raises(BufferError):
        stream.write(bytes(2000))
    stream.getbuffer()[0] = 7
    assert buffer[0] == 7


def test_a_closed_python_file_leaves_a_kept_stream_open():
    stream = quire.BytesIO(keep_open=True)
    with pa.PythonFile(stream, mode="w") as file:
        pa.parquet.write_table(TABLE, file)
    assert not stream.closed
    stream.seek(0)
    assert pa.parquet.read_table(stream).equals(TABLE)


def test_a_table_is_read_from_the_streams_own_memory(BytesIO, memory):
    stream = BytesIO()
    with pa.ipc.new_file(stream, TABLE.schema) as writer:
        writer.write_table(TABLE)
    size = stream.tell()
    stream.seek(0)

    def mapped():
        return pa.ipc.open_file(pa.BufferReader(stream.read())).read_all()

    assert memory.check(mapped, size, io=1.1, quire=0.1).equals(TABLE)
