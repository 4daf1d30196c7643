"""numpy saves to, loads from and works inside the streams."""

import numpy as np
import pytest

ARRAY = np.arange(1_000_000, dtype=np.float64).reshape(1000, 1000)


def test_save_writes_the_file_and_load_gives_the_array(BytesIO, tmp_path):
    stream = BytesIO()
    np.save(stream, ARRAY)
    np.save(tmp_path / "a.npy", ARRAY)
    assert stream.getvalue() == (tmp_path / "a.npy").read_bytes()
    stream.seek(0)
    assert np.array_equal(np.load(stream), ARRAY)
    assert stream.tell() == len(stream.getvalue())


def test_several_arrays_follow_each_other(BytesIO):
    stream = BytesIO()
    for i in range(3):
        np.save(stream, np.full(i + 1, i))
    stream.seek(0)
    assert [np.load(stream).tolist() for _ in range(3)] == [[0], [1, 1], [2, 2, 2]]
    with pytest.raises(EOFError):
        np.load(stream)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_savez_and_lazy_load(BytesIO, save):
    stream = BytesIO()
    save(stream, first=ARRAY[:50], second=ARRAY[0])
    stream.seek(0)
    with np.load(stream) as archive:
        assert sorted(archive.files) == ["first", "second"]
        assert np.array_equal(archive["first"], ARRAY[:50])


def test_object_arrays_are_pickled(BytesIO):
    stream = BytesIO()
    np.save(stream, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    stream.seek(0)
    assert np.load(stream, allow_pickle=True).tolist() == [{"a": 1}, None]


def test_text_is_saved_and_parsed(BytesIO):
    stream = BytesIO()
    np.savetxt(stream, ARRAY[:10, :5], fmt="%.3f", delimiter=",")
    stream.seek(0)
    assert np.array_equal(np.loadtxt(stream, delimiter=","), ARRAY[:10, :5])
    stream.seek(0)
    assert np.array_equal(np.genfromtxt(stream, delimiter=","), ARRAY[:10, :5])


def test_an_array_over_the_buffer_sees_and_makes_changes(BytesIO):
    stream = BytesIO(bytes(80))
    numbers = np.frombuffer(stream.getbuffer(), dtype=np.int64)
    numbers[:] = range(10)
    assert stream.getvalue() == np.arange(10).tobytes()
    with pytest.raises(BufferError):
        stream.truncate(8)
    del numbers
    stream.truncate(8)


def test_readinto_fills_an_array(BytesIO):
    target = np.empty((10, 10))
    assert BytesIO(ARRAY[0, :100].tobytes()).readinto(target) == 800
    assert np.array_equal(target.reshape(-1), ARRAY[0, :100])


def test_tofile_wants_a_descriptor(BytesIO):
    with pytest.raises(OSError, match="fileno"):
        ARRAY.tofile(BytesIO())


def test_save_adds_the_file_and_the_piece_that_numpy_copies(BytesIO, memory):
    stream = BytesIO()
    memory.check(lambda: np.save(stream, ARRAY), ARRAY.nbytes, io=2.05, quire=2.05)


def test_load_adds_the_array_and_no_copy(BytesIO, memory):
    stream = BytesIO()
    np.save(stream, ARRAY)
    stream.seek(0)
    memory.check(lambda: np.load(stream), ARRAY.nbytes, io=1.1, quire=1.1)


def test_an_array_over_the_buffer_adds_nothing(BytesIO, memory):
    stream = BytesIO()
    stream.write(ARRAY)

    def total():
        return np.frombuffer(stream.getbuffer()).sum()

    assert memory.check(total, ARRAY.nbytes, io=0.01, quire=0.01) == ARRAY.sum()


def test_frombuffer_of_a_whole_read(BytesIO, memory):
    stream = BytesIO()
    stream.write(ARRAY)
    stream.seek(0)

    def array():
        return np.frombuffer(stream.read())

    assert len(memory.check(array, ARRAY.nbytes, io=1.01, quire=0.01)) == ARRAY.size
