"""csv, TextIOWrapper, pickle, json, email, wave, xml, struct and shutil over the streams."""

import copy
import csv
import email
import email.generator
import email.policy
import gc
import io
import json
import pickle
import shutil
import struct
import wave
import xml.etree.ElementTree
from array import array

import pytest
import quire

ROWS = [["name", "value"], ["städte, \"groß\"", "1"], ["two\nlines", "2.5"], ["😊", ""]]


def test_csv_through_a_text_wrapper(BytesIO):
    stream = BytesIO()
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    csv.writer(text).writerows(ROWS)
    assert text.detach() is stream
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    assert list(csv.reader(text)) == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
@pytest.mark.parametrize("newline", [None, "", "\n", "\r\n"])
def test_text_wrapper_does_as_over_a_file(BytesIO, encoding, newline, tmp_path):
    text = "first ä\nsecond\r\nthird\rno end" * 500

    def through(raw):
        with io.TextIOWrapper(raw, encoding=encoding, newline=newline) as wrapper:
            wrapper.write(text)
            wrapper.flush()
            place = wrapper.tell()
            wrapper.seek(0)
            lines = wrapper.readlines()
            wrapper.seek(place)
            wrapper.write("more")
            wrapper.flush()
            wrapper.seek(0)
            return lines, wrapper.read()

    assert through(BytesIO()) == through(open(tmp_path / "text", "wb+"))


def test_the_wrapper_closes_the_stream_when_it_is_collected(BytesIO):
    stream = BytesIO(b"text")
    io.TextIOWrapper(stream).read()
    gc.collect()
    assert stream.closed


def test_a_collected_wrapper_leaves_a_kept_stream_open():
    stream = quire.BytesIO(b"text", keep_open=True)
    assert io.TextIOWrapper(stream).read() == "text"
    gc.collect()
    assert not stream.closed
    assert stream.getvalue() == b"text"


@pytest.mark.parametrize("wrapper", [io.BufferedReader, io.BufferedRandom])
def test_buffered_reader_and_random_read_through(BytesIO, wrapper):
    buffered = wrapper(BytesIO(b"x" * 10_000 + b"\nend"))
    assert buffered.peek(1)[:1] == b"x"
    assert buffered.readline() == b"x" * 10_000 + b"\n"
    assert buffered.read() == b"end"
    assert buffered.seek(-3, 2) == 10_001
    target = bytearray(5)
    assert buffered.readinto(target) == 3


def test_a_pair_reads_one_stream_and_writes_another(BytesIO):
    pair = io.BufferedRWPair(BytesIO(b"in"), BytesIO())
    assert pair.read() == b"in"
    assert pair.write(b"out") == 3


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_dumps_into_and_loads_from(BytesIO, protocol):
    value = {"rows": ROWS, "bytes": b"x" * 100_000, "numbers": list(range(1000))}
    stream = BytesIO()
    pickle.dump(value, stream, protocol)
    pickle.dump("second", stream, protocol)
    assert stream.getvalue().startswith(pickle.dumps(value, protocol))
    stream.seek(0)
    assert pickle.load(stream) == value
    assert pickle.load(stream) == "second"
    with pytest.raises(EOFError):
        pickle.load(stream)


def test_pickle_with_buffers_out_of_band(BytesIO):
    buffers = []
    data = bytearray(b"y" * 100_000)
    stream = BytesIO()
    pickle.dump(pickle.PickleBuffer(data), stream, protocol=5, buffer_callback=buffers.append)
    stream.seek(0)
    assert pickle.load(stream, buffers=[data]) is data
    assert len(buffers) == 1
    assert len(stream.getvalue()) < 100


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_the_stream_itself_is_pickled_with_its_position(BytesIO, protocol):
    stream = BytesIO(b"hello world")
    stream.seek(6)
    stream.note = "kept"
    for again in (pickle.loads(pickle.dumps(stream, protocol)), copy.copy(stream),
                  copy.deepcopy(stream)):
        assert type(again) is BytesIO
        assert again.read() == b"world"
        assert again.note == "kept"
        assert again.getvalue() == b"hello world"
    assert stream.tell() == 6


def test_pickled_bytes_are_loaded_into_one_copy(BytesIO, memory):
    data = bytes(range(256)) * (1 << 14)
    stream = BytesIO()
    pickle.dump(data, stream)
    stream.seek(0)
    assert memory.check(lambda: pickle.load(stream), len(data), io=1.1, quire=1.1) == data


def test_rows_are_read_through_a_wrapper_without_a_copy(BytesIO, memory):
    stream = BytesIO()
    stream.write(b"12345,67890\r\n" * 60_000)
    size = stream.tell()
    stream.seek(0)

    def rows():
        return sum(1 for _ in csv.reader(io.TextIOWrapper(stream, newline="")))

    assert memory.check(rows, size, io=0.2, quire=0.2) == 60_000


def test_json_is_loaded(BytesIO):
    stream = BytesIO(json.dumps(ROWS).encode())
    assert json.load(stream) == ROWS


def test_an_email_with_an_attachment(BytesIO):
    message = email.message.EmailMessage()
    message["Subject"] = "A picture"
    message.set_content("See below\n")
    message.add_attachment(b"\x00\x01", maintype="image", subtype="png", filename="x.png")
    stream = BytesIO()
    email.generator.BytesGenerator(stream).flatten(message)
    stream.seek(0)
    again = email.message_from_binary_file(stream, policy=email.policy.default)
    assert next(again.iter_attachments()).get_content() == b"\x00\x01"


def test_wave_patches_its_header(BytesIO):
    stream = BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        sound.writeframes(array("h", range(1000)).tobytes())
    stream.seek(0)
    with wave.open(stream) as sound:
        assert sound.getnframes() == 1000
        assert array("h", sound.readframes(1000)).tolist() == list(range(1000))


def test_xml_is_parsed_and_written(BytesIO):
    tree = xml.etree.ElementTree.parse(BytesIO(b"<a><b c='1'>text</b></a>"))
    stream = BytesIO()
    tree.write(stream, encoding="utf-8", xml_declaration=True)
    assert xml.etree.ElementTree.fromstring(stream.getvalue())[0].text == "text"


def test_struct_and_array_work_in_the_buffer(BytesIO):
    stream = BytesIO(bytes(16))
    with stream.getbuffer() as view:
        struct.pack_into("<IH", view, 4, 7, 9)
        assert struct.unpack_from("<IH", view, 4) == (7, 9)
    numbers = array("i")
    stream.seek(0)
    numbers.frombytes(stream.read())
    assert numbers[1] == 7
    stream.seek(0)
    assert stream.write(array("d", [1.5, 2.5])) == 16
    with stream.getbuffer().cast("d") as view:
        assert view.tolist() == [1.5, 2.5]


def test_copyfileobj_between_stream_and_file(BytesIO, tmp_path):
    data = bytes(range(256)) * 4096
    with open(tmp_path / "file", "wb+") as file:
        shutil.copyfileobj(BytesIO(data), file)
        file.seek(0)
        stream = BytesIO()
        shutil.copyfileobj(file, stream)
        file.seek(0)
        target = BytesIO(bytes(len(data)))
        with target.getbuffer() as view:
            assert file.readinto(view) == len(data)
        file.seek(0)
        with stream.getbuffer() as view:
            assert file.write(view) == len(data)
    assert stream.getvalue() == target.getvalue() == data
