"""polars reads CSV and Parquet from the streams: the first seed's pull request 20649."""

import io

import polars as pl
import pytest
from polars.testing import assert_frame_equal

FRAME = pl.DataFrame({"number": pl.int_range(0, 1_000_000, eager=True)})


def written(BytesIO):
    """The frame as CSV in a stream that was written piece by piece, rewound."""
    stream = BytesIO()
    FRAME.write_csv(stream)
    stream.seek(0)
    return stream


def test_write_csv_and_read_csv(BytesIO):
    stream = written(BytesIO)
    assert_frame_equal(pl.read_csv(stream), FRAME)
    assert not stream.closed


def test_a_lazy_scan_makes_no_copy(BytesIO, memory):
    stream = written(BytesIO)

    def scan():
        return pl.scan_csv(stream).filter(pl.col("number") == 9_999).collect().item()

    assert memory.check(scan, stream.seek(0, 2) + stream.seek(0), io=0.1, quire=0.1) == 9_999


def test_read_csv_makes_no_copy(BytesIO, memory):
    stream = written(BytesIO)
    size = len(stream.getvalue())
    assert memory.check(lambda: len(pl.read_csv(stream)), size, io=0.1, quire=0.1) == 1_000_000


def test_reading_begins_where_the_stream_stands(BytesIO):
    stream = BytesIO(b"a line before\nx,y\n1,2\n3,4\n")
    assert stream.readline() == b"a line before\n"
    assert pl.read_csv(stream).rows() == [(1, 2), (3, 4)]


def test_a_stream_at_its_end_has_no_data(BytesIO):
    stream = BytesIO(b"x,y\n1,2\n")
    stream.seek(0, 2)
    with pytest.raises(pl.exceptions.NoDataError):
        pl.read_csv(stream)


def test_polars_decodes_io_bytesio_and_bytes_alone(BytesIO):
    stream = BytesIO("x,y\nä,1\n".encode("latin-1"))
    assert pl.read_csv(stream.getvalue(), encoding="latin-1").rows() == [("ä", 1)]
    if BytesIO is io.BytesIO:
        assert pl.read_csv(stream, encoding="latin-1").rows() == [("ä", 1)]
    else:
        with pytest.raises(pl.exceptions.ComputeError, match="invalid utf-8"):
            pl.read_csv(stream, encoding="latin-1")


def test_the_stream_may_be_read_again_and_written(BytesIO):
    stream = written(BytesIO)
    for _ in range(2):
        stream.seek(0)
        assert len(pl.read_csv(stream)) == 1_000_000
    stream.seek(0, 2)
    stream.write(b"5\n")
    stream.seek(0)
    assert len(pl.read_csv(stream)) == 1_000_001


def test_parquet_there_and_back(BytesIO):
    stream = BytesIO()
    FRAME.write_parquet(stream)
    stream.seek(0)
    assert_frame_equal(pl.read_parquet(stream), FRAME)
    stream.seek(0)
    assert pl.scan_parquet(stream).select(pl.len()).collect().item() == 1_000_000


def test_ipc_ndjson_and_avro_there_and_back(BytesIO):
    frame = FRAME[:1000]
    for write, read in (("write_ipc", pl.read_ipc), ("write_ndjson", pl.read_ndjson),
                        ("write_avro", pl.read_avro)):
        stream = BytesIO()
        getattr(frame, write)(stream)
        stream.seek(0)
        assert_frame_equal(read(stream), frame)
