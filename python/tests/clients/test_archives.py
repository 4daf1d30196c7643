"""zipfile, tarfile, gzip, bz2, lzma and zlib write archives into the streams and read them back."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile

import pytest
import quire

TEXT = b"".join(b"line %d of the text\n" % i for i in range(5_000))
NOISE = random.Random(1).randbytes(1 << 18)


def test_zipfile_writes_what_it_writes_into_a_file(BytesIO, tmp_path):
    def fill(target):
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("text"), TEXT)
            archive.writestr(zipfile.ZipInfo("noise"), NOISE)

    stream = BytesIO()
    fill(stream)
    fill(tmp_path / "archive.zip")
    assert stream.getvalue() == (tmp_path / "archive.zip").read_bytes()
    with zipfile.ZipFile(stream) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["text", "noise"]
        assert archive.read("text") == TEXT
        with archive.open("noise") as member:
            member.seek(1000)
            assert member.read(10) == NOISE[1000:1010]


def test_zipfile_appends_behind_other_bytes(BytesIO):
    stream = BytesIO(b"a program that unpacks itself")
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("name", "content")
    with zipfile.ZipFile(stream) as archive:
        assert archive.read("name") == b"content"
    assert stream.getvalue().startswith(b"a program that unpacks itself")


def test_zipfile_copies_no_archive(BytesIO, memory):
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for i in range(16):
            archive.writestr(str(i), NOISE)

    def members():
        with zipfile.ZipFile(stream) as archive, archive.open("7") as member:
            return sum(map(len, iter(lambda: member.read(1 << 14), b"")))

    assert memory.check(members, 4 << 20, io=0.1, quire=0.1) == len(NOISE)


def test_tarfile_copies_no_archive(BytesIO, memory):
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for i in range(16):
            info = tarfile.TarInfo(str(i))
            info.size = len(NOISE)
            archive.addfile(info, BytesIO(NOISE))
    stream.seek(0)

    def members():
        with tarfile.open(fileobj=stream) as archive, archive.extractfile("7") as member:
            return sum(map(len, iter(lambda: member.read(1 << 14), b"")))

    assert memory.check(members, 4 << 20, io=0.1, quire=0.1) == len(NOISE)


# With as little memory of their own as they can do with.
@pytest.mark.parametrize("module, options", [
    (gzip, {}), (bz2, {"compresslevel": 1}), (lzma, {"preset": 0})])
def test_what_is_compressed_is_read_without_a_copy(BytesIO, memory, module, options):
    data = random.Random(2).randbytes(2 << 20)
    stream = BytesIO()
    with module.open(stream, "wb", **options) as file:
        file.write(data)
    stream.seek(0)

    def read():
        with module.open(stream) as file:
            return sum(map(len, iter(lambda: file.read(1 << 14), b"")))

    assert memory.check(read, len(data), io=0.5, quire=0.5) == len(data)


def test_is_zipfile_and_is_tarfile(BytesIO):
    stream = BytesIO()
    zipfile.ZipFile(stream, "w").close()
    assert zipfile.is_zipfile(stream)
    assert not zipfile.is_zipfile(BytesIO(NOISE))
    stream = BytesIO()
    tarfile.open(fileobj=stream, mode="w").close()
    stream.seek(0)
    assert tarfile.is_tarfile(stream)


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_tarfile_round_trip(BytesIO, compression):
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode=f"w:{compression}") as archive:
        for name, data in (("text", TEXT), ("noise", NOISE)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, BytesIO(data))
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        assert archive.getnames() == ["text", "noise"]
        assert archive.extractfile("noise").read() == NOISE
        assert archive.extractfile("text").readlines() == TEXT.splitlines(keepends=True)
    assert not stream.closed


def test_tarfile_reads_a_stream_that_it_must_not_seek(BytesIO):
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w|gz") as archive:
        info = tarfile.TarInfo("text")
        info.size = len(TEXT)
        archive.addfile(info, BytesIO(TEXT))
    stream.seek(0)
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        assert [archive.extractfile(member).read() for member in archive] == [TEXT]


def test_gzip_writes_the_bytes_that_compress_gives(BytesIO):
    stream = BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as file:
        for line in io.BytesIO(TEXT):
            file.write(line)
    with gzip.GzipFile(fileobj=BytesIO(stream.getvalue())) as file:
        assert file.read(100) == TEXT[:100]
        file.seek(0)
        assert file.read() == TEXT
    assert gzip.decompress(stream.getvalue()) == TEXT


def test_gzip_members_are_concatenated_and_damage_is_found(BytesIO):
    stream = BytesIO(gzip.compress(b"one ") + gzip.compress(b"two"))
    assert gzip.GzipFile(fileobj=stream).read() == b"one two"
    stream.truncate(len(stream.getvalue()) - 3)
    stream.seek(0)
    with pytest.raises(EOFError):
        gzip.GzipFile(fileobj=stream).read()


@pytest.mark.parametrize("module, opened", [(lzma, lzma.LZMAFile), (bz2, bz2.BZ2File)])
def test_lzma_and_bz2_round_trip(BytesIO, module, opened):
    stream = BytesIO()
    with opened(stream, "w") as file:
        file.write(TEXT)
    assert module.decompress(stream.getvalue()) == TEXT
    stream.seek(0)
    with module.open(stream, "rt") as file:
        assert file.readline() == "line 0 of the text\n"
        assert len(file.readlines()) == 4_999


def test_a_reader_that_closes_leaves_a_kept_stream_open():
    stream = quire.BytesIO(gzip.compress(TEXT), keep_open=True)
    with io.BufferedReader(stream) as reader, gzip.open(reader) as file:
        assert file.read() == TEXT
    assert not stream.closed
    assert gzip.decompress(stream.getvalue()) == TEXT
