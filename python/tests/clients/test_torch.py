"""torch saves to and loads from the streams.

It is not in requirements.txt: what the registry has for Linux brings gigabytes of GPU libraries.
tools/run/python_torch.sh looks for a wheel without them.
"""

import pytest

torch = pytest.importorskip("torch", reason="torch is too large to install for every run")


def test_tensors_there_and_back(BytesIO):
    stream = BytesIO()
    tensors = {"numbers": torch.arange(100_000), "noise": torch.rand(1000, 10)}
    torch.save(tensors, stream)
    stream.seek(0)
    again = torch.load(stream)
    assert all(torch.equal(tensors[name], again[name]) for name in tensors)
    assert not stream.closed


def test_a_model_there_and_back(BytesIO):
    model, again = torch.nn.Linear(10, 5), torch.nn.Linear(10, 5)
    stream = BytesIO()
    torch.save(model.state_dict(), stream)
    stream.seek(0)
    again.load_state_dict(torch.load(stream, weights_only=True))
    assert torch.equal(model.weight, again.weight)


def test_the_old_format_is_read_where_the_stream_stands(BytesIO):
    stream = BytesIO(b"before")
    stream.seek(0, 2)
    torch.save(torch.arange(10), stream, _use_new_zipfile_serialization=False)
    stream.seek(6)
    assert torch.equal(torch.load(stream), torch.arange(10))


def test_a_tensor_over_the_buffer(BytesIO):
    stream = BytesIO(bytes(80))
    tensor = torch.frombuffer(stream.getbuffer(), dtype=torch.int64)
    tensor[3] = 7
    assert stream.getvalue()[24] == 7


def test_saving_and_loading_hold_one_copy_each(BytesIO, memory):
    stream = BytesIO()
    tensor = torch.zeros(1 << 20)
    memory.check(lambda: torch.save(tensor, stream), 4 << 20, io=2.2, quire=2.2)
    stream.seek(0)
    memory.check(lambda: torch.load(stream), 4 << 20, io=1.2, quire=1.2)
