"""pandas reads and writes CSV, Parquet, Excel, pickles and feathers in the streams."""

import io
import sys

import numpy as np
import pandas as pd
import pytest
import quire
from pandas.testing import assert_frame_equal

FRAME = pd.DataFrame({
    "number": range(10_000),
    "value": np.linspace(0, 1, 10_000),
    "text": [f"städte {i}" for i in range(10_000)],
})


@pytest.mark.parametrize("engine", ["c", "python", "pyarrow"])
def test_read_csv_gives_the_frame(BytesIO, engine):
    stream = BytesIO(FRAME.to_csv(index=False).encode())
    assert_frame_equal(pd.read_csv(stream, engine=engine), FRAME)
    assert not stream.closed


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_to_csv_and_back_in_every_encoding(BytesIO, encoding):
    stream = BytesIO()
    FRAME.to_csv(stream, index=False, mode="wb", encoding=encoding)
    assert not stream.closed
    assert stream.getvalue() == FRAME.to_csv(index=False).encode(encoding)
    stream.seek(0)
    assert_frame_equal(pd.read_csv(stream, encoding=encoding), FRAME)


@pytest.mark.parametrize("compression", ["gzip", "bz2", "xz", "zip"])
def test_compressed_csv(BytesIO, compression):
    stream = BytesIO()
    FRAME.to_csv(stream, index=False, compression=compression)
    stream.seek(0)
    assert_frame_equal(pd.read_csv(stream, compression=compression), FRAME)


def test_read_csv_in_chunks_begins_where_the_stream_stands(BytesIO):
    stream = BytesIO(b"a line before\nx,y\n" + b"1,2\n" * 1000)
    assert stream.readline() == b"a line before\n"
    with pd.read_csv(stream, chunksize=300) as chunks:
        assert [len(chunk) for chunk in chunks] == [300, 300, 300, 100]


def test_empty_and_exhausted_streams_have_no_columns(BytesIO):
    stream = BytesIO(b"x,y\n1,2\n")
    stream.read()
    for empty in (stream, BytesIO()):
        with pytest.raises(pd.errors.EmptyDataError):
            pd.read_csv(empty)


def test_parquet_there_and_back(BytesIO):
    stream = BytesIO()
    FRAME.to_parquet(stream)
    assert not stream.closed
    stream.seek(0)
    assert_frame_equal(pd.read_parquet(stream), FRAME)
    stream.seek(0)
    assert pd.read_parquet(stream, columns=["value"]).columns.tolist() == ["value"]


def test_feather_and_pickle_there_and_back(BytesIO):
    stream = BytesIO()
    FRAME.to_feather(stream)
    stream.seek(0)
    assert_frame_equal(pd.read_feather(stream), FRAME)
    stream = BytesIO()
    FRAME.to_pickle(stream)
    stream.seek(0)
    assert_frame_equal(pd.read_pickle(stream), FRAME)


def test_excel_there_and_back(BytesIO):
    stream = BytesIO()
    with pd.ExcelWriter(stream, engine="openpyxl") as writer:
        FRAME[:200].to_excel(writer, sheet_name="first", index=False)
        FRAME[200:300].to_excel(writer, sheet_name="second", index=False)
    stream.seek(0)
    sheets = pd.read_excel(stream, sheet_name=None)
    assert_frame_equal(sheets["first"], FRAME[:200])
    assert_frame_equal(sheets["second"], FRAME[200:300].reset_index(drop=True))


def test_json_and_html_are_read(BytesIO):
    stream = BytesIO()
    FRAME.to_json(stream, orient="records", lines=True, force_ascii=False, mode="w")
    stream.seek(0)
    assert_frame_equal(pd.read_json(stream, lines=True), FRAME)


def test_what_pandas_closes_stays_open_if_asked():
    stream = quire.BytesIO(keep_open=True)
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    FRAME.to_csv(text, index=False)
    text.close()
    assert stream.getvalue() == FRAME.to_csv(index=False).encode()
    stream.seek(0)
    with stream:
        assert_frame_equal(pd.read_csv(stream), FRAME)
    assert not stream.closed


def test_read_csv_holds_no_copy_of_the_text(BytesIO, memory):
    stream = BytesIO()
    stream.write(b"x,y\n" + b"12345,67890\n" * 200_000)
    stream.seek(0)
    size = stream.seek(0, 2)
    stream.seek(0)

    def rows():
        with pd.read_csv(stream, chunksize=5_000) as chunks:
            return sum(map(len, chunks))

    assert memory.check(rows, size, io=0.3, quire=0.3) == 200_000


def test_read_parquet_holds_no_copy_of_the_file(BytesIO, memory):
    stream = BytesIO()
    pd.DataFrame({"noise": np.random.default_rng(1).random(1_000_000)}).to_parquet(stream)
    size = stream.tell()
    stream.seek(0)
    assert memory.check(lambda: len(pd.read_parquet(stream)), size, io=1.1, quire=1.1) == 1_000_000


def test_to_excel_leaves_the_file_once(BytesIO):
    """What pandas and openpyxl build meanwhile is fifty times as large."""
    stream = BytesIO()
    FRAME[:1000].to_excel(stream, index=False)
    size = stream.seek(0, 2)
    assert size <= sys.getsizeof(stream) <= 1.6 * size
