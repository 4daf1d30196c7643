"""protobuf writes messages into the streams: the fourth seed's serialisation."""

import json

import pytest
from google.protobuf import (descriptor_pb2, message as messages, proto, struct_pb2, timestamp_pb2,
                             wrappers_pb2)

ROWS = [{"id": i, "name": f"name {i}", "tags": ["a", "b"]} for i in range(1000)]


def message():
    result = struct_pb2.ListValue()
    result.extend(ROWS)
    return result


def test_a_message_there_and_back(BytesIO):
    stream = BytesIO()
    assert stream.write(message().SerializeToString()) == len(stream.getvalue())
    again = struct_pb2.ListValue()
    again.ParseFromString(stream.getvalue())
    assert again == message()
    again.Clear()
    with stream.getbuffer() as view:
        again.ParseFromString(view)
    assert again == message()


def test_messages_with_their_lengths_before_them(BytesIO):
    stream = BytesIO()
    for seconds in (1, 300, 1 << 40):
        proto.serialize_length_prefixed(timestamp_pb2.Timestamp(seconds=seconds), stream)
    proto.serialize_length_prefixed(timestamp_pb2.Timestamp(), stream)
    stream.seek(0)
    read = [proto.parse_length_prefixed(timestamp_pb2.Timestamp, stream) for _ in range(5)]
    assert [message and message.seconds for message in read] == [1, 300, 1 << 40, 0, None]


def test_a_truncated_message_is_an_error(BytesIO):
    stream = BytesIO()
    proto.serialize_length_prefixed(message(), stream)
    stream.truncate(len(stream.getvalue()) - 1)
    stream.seek(0)
    with pytest.raises(messages.DecodeError):
        proto.parse_length_prefixed(struct_pb2.ListValue, stream)


def test_a_descriptor_is_smaller_than_its_json(BytesIO):
    stream = BytesIO()
    file = descriptor_pb2.FileDescriptorProto(name="rows.proto", package="rows")
    for row in ROWS:
        file.message_type.add(name=row["name"]).field.add(name="id", number=row["id"] + 1)
    stream.write(file.SerializeToString())
    text = [{"name": row["name"], "field": [{"name": "id", "number": row["id"] + 1}]}
            for row in ROWS]
    assert len(stream.getvalue()) < 0.4 * len(json.dumps(text))


def test_a_message_is_parsed_from_the_streams_own_memory(BytesIO, memory):
    stream = BytesIO()
    stream.write(wrappers_pb2.BytesValue(value=bytes(4 << 20)).SerializeToString())
    again = wrappers_pb2.BytesValue()

    def parse():
        with stream.getbuffer() as view:
            again.ParseFromString(view)

    memory.check(parse, 4 << 20, io=0.1, quire=0.1)
    assert len(again.value) == 4 << 20
