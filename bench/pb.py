"""The protobuf wire format by hand, for peers whose contract Debian has no Python for, and files of messages."""


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    encoded = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(encoded)) + encoded


def write_messages(path, messages):
    """As bench/load/load.h reads them: each after its length in 4 bytes."""
    with open(path, "wb") as file:
        for message in messages:
            file.write(len(message).to_bytes(4, "big") + message)
    return path
