"""h5py keeps files in the streams, through its driver for file-like objects."""

import h5py
import numpy as np

ARRAY = np.arange(1_000_000, dtype=np.int32).reshape(1000, 1000)


def test_a_dataset_there_and_back(BytesIO):
    stream = BytesIO()
    with h5py.File(stream, "w") as file:
        dataset = file.create_dataset("group/numbers", data=ARRAY)
        dataset.attrs["unit"] = "m"
        file.create_dataset("packed", data=ARRAY, chunks=(100, 100), compression="gzip")
    assert not stream.closed
    assert stream.getvalue().startswith(b"\x89HDF\r\n")
    with h5py.File(stream, "r") as file:
        assert np.array_equal(file["group/numbers"], ARRAY)
        assert np.array_equal(file["packed"][5:7, 10:20], ARRAY[5:7, 10:20])
        assert file["group/numbers"].attrs["unit"] == "m"


def test_a_file_is_changed_in_place_and_grows(BytesIO):
    stream = BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_dataset("numbers", data=np.zeros(10), maxshape=(None,), chunks=(10,))
        file["old"] = 1
    with h5py.File(stream, "r+") as file:
        file["numbers"].resize((1000,))
        file["numbers"][500:] = 1
        del file["old"]
        file["more"] = "text"
    with h5py.File(stream, "r") as file:
        assert file["numbers"][...].sum() == 500
        assert "old" not in file
        assert file["more"][()] == b"text"


def test_a_real_file_reads_what_the_stream_holds(BytesIO, tmp_path):
    stream = BytesIO()
    with h5py.File(stream, "w") as file:
        file["numbers"] = ARRAY
    (tmp_path / "x.h5").write_bytes(stream.getbuffer())
    with h5py.File(tmp_path / "x.h5", "r") as file:
        assert np.array_equal(file["numbers"], ARRAY)


def test_reading_holds_no_copy_of_the_file(BytesIO, memory):
    stream = BytesIO()
    with h5py.File(stream, "w") as file:
        file["numbers"] = ARRAY

    def total():
        with h5py.File(stream, "r") as file:
            return int(file["numbers"][...].sum(dtype=np.int64))

    assert memory.check(total, ARRAY.nbytes, io=1.1, quire=1.1) == ARRAY.sum(dtype=np.int64)
