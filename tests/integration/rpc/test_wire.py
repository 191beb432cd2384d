#!/usr/bin/python3
"""The server against bare HTTP/2 frames: what stock clients never send, and the exact form of the answers."""
import gzip
import struct
import time
import unittest

from peer import (ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS, TIMEOUT,
                  WINDOW_UPDATE, Peer, Raw, block, message, with_fields)

NO_ERROR, PROTOCOL_ERROR, CANCEL = 0, 1, 8


class Hpack:
    """Reads what a server of ours sends: indexed and literal fields, no Huffman decoding (values stay as they are)."""

    STATIC = {8: (":status", "200"), 9: (":status", "204"), 13: (":status", "404"), 31: ("content-type", "")}

    def __init__(self):
        self.dynamic = []

    def entry(self, index):
        return self.dynamic[index - 62] if index > 61 else self.STATIC.get(index, (f"static-{index}", ""))

    def integer(self, data, at, bits):
        mask = (1 << bits) - 1
        value = data[at] & mask
        at += 1
        if value < mask:
            return value, at
        shift = 0
        while True:
            value += (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                return value, at

    def string(self, data, at):
        huffman = data[at] & 128
        length, at = self.integer(data, at, 7)
        raw = data[at:at + length]
        return (unhuffman(raw) if huffman else raw).decode("latin-1"), at + length

    def fields(self, data):
        at, out = 0, []
        while at < len(data):
            first = data[at]
            if first & 0x80:
                index, at = self.integer(data, at, 7)
                out.append(self.entry(index))
                continue
            if first & 0x20 and not first & 0x40:
                _, at = self.integer(data, at, 5)
                continue
            indexed = bool(first & 0x40)
            index, at = self.integer(data, at, 6 if indexed else 4)
            name = self.entry(index)[0] if index else None
            if name is None:
                name, at = self.string(data, at)
            value, at = self.string(data, at)
            out.append((name, value))
            if indexed:
                self.dynamic.insert(0, (name, value))
        return out


# RFC 7541 appendix B for the characters that the server's answers use: code as bits.
HUFFMAN = {
    "0": "00000", "1": "00001", "2": "00010", "a": "00011", "c": "00100", "e": "00101", "i": "00110", "o": "00111",
    "s": "01000", "t": "01001", " ": "010100", "%": "010101", "-": "010110", ".": "010111", "/": "011000",
    "3": "011001", "4": "011010", "5": "011011", "6": "011100", "7": "011101", "8": "011110", "9": "011111",
    "=": "100000", "A": "100001", "_": "100010", "b": "100011", "d": "100100", "f": "100101", "g": "100110",
    "h": "100111", "l": "101000", "m": "101001", "n": "101010", "p": "101011", "r": "101100", "u": "101101",
    ":": "1011100", "B": "1011101", "C": "1011110", "D": "1011111", "E": "1100000", "F": "1100001", "G": "1100010",
    "H": "1100011", "I": "1100100", "J": "1100101", "K": "1100110", "L": "1100111", "M": "1101000", "N": "1101001",
    "O": "1101010", "P": "1101011", "Q": "1101100", "R": "1101101", "S": "1101110", "T": "1101111", "U": "1110000",
    "V": "1110001", "W": "1110010", "Y": "1110011", "j": "1110100", "k": "1110101", "q": "1110110", "v": "1110111",
    "w": "1111000", "x": "1111001", "y": "1111010", "z": "1111011", "&": "11111000", "*": "11111001",
    ",": "11111010", ";": "11111011", "X": "11111100", "Z": "11111101", "+": "11111111011",
}


def unhuffman(raw):
    codes = {code: character for character, code in HUFFMAN.items()}
    out, bits = "", ""
    for bit in "".join(f"{byte:08b}" for byte in raw):
        bits += bit
        if bits in codes:
            out += codes[bits]
            bits = ""
    return out.encode()


class Wire(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.peer = Peer(PEER_PREFACE_MS=300)

    @classmethod
    def tearDownClass(cls):
        cls.peer.__exit__()

    def answer(self, fields, body=message(b"hi"), raw=None):
        """Sends one request and gives (status fields, data, frames) of its answer."""
        with raw or Raw(self.peer) as connection:
            connection.request(1, fields, body)
            frames = connection.frames_of(1)
        return self.read(frames)

    def read(self, frames):
        hpack = Hpack()
        fields = [hpack.fields(frame[3]) for frame in frames if frame[0] == HEADERS]
        data = b"".join(frame[3] for frame in frames if frame[0] == DATA)
        return fields, data, frames

    def assert_status(self, code, fields, body=message(b"hi"), text=None):
        headers, data, frames = self.answer(fields, body)
        trailers = dict(headers[-1])
        self.assertEqual(dict(headers[0])[":status"], "200")
        self.assertEqual(trailers.get("grpc-status"), str(code), headers)
        self.assertEqual(data, b"")
        if text is not None:
            self.assertEqual(trailers["grpc-message"], text)
        return headers, frames

    def test_answer_has_headers_data_and_trailers(self):
        headers, data, frames = self.answer(with_fields())
        self.assertEqual(headers[0], [(":status", "200"), ("content-type", "application/grpc")])
        self.assertEqual(headers[1], [("grpc-status", "0")])
        self.assertEqual(data, message(b"hi"))
        self.assertEqual([frame[0] for frame in frames], [HEADERS, DATA, HEADERS])
        self.assertEqual([frame[1] & END_STREAM for frame in frames], [0, 0, END_STREAM])

    def test_message_cut_anywhere_is_the_same(self):
        body = message(b"0123456789")
        with Raw(self.peer) as connection:
            for cut in range(len(body) + 1):
                stream = 2 * cut + 1
                connection.send(HEADERS, END_HEADERS, stream, block(with_fields()))
                connection.send(DATA, 0, stream, body[:cut])
                connection.send(DATA, END_STREAM, stream, body[cut:])
                frames = connection.frames_of(stream)
                self.assertEqual(b"".join(frame[3] for frame in frames if frame[0] == DATA), body)

    def test_connection_cut_byte_by_byte_is_the_same(self):
        with Raw(self.peer) as connection:
            whole = bytes(connection_bytes())
            for byte in whole:
                connection.socket.sendall(bytes([byte]))
            frames = connection.frames_of(1)
        self.assertEqual(frames[1][3], message(b"hi"))

    def test_end_of_stream_on_an_empty_frame(self):
        with Raw(self.peer) as connection:
            connection.send(HEADERS, END_HEADERS, 1, block(with_fields()))
            connection.send(DATA, 0, 1, message(b"hi"))
            connection.send(DATA, END_STREAM, 1)
            self.assertEqual(self.read(connection.frames_of(1))[1], message(b"hi"))

    def test_unary_without_message_is_unimplemented(self):
        self.assert_status(12, with_fields(), b"")
        self.assert_status(12, with_fields(), None)

    def test_unary_with_two_messages_is_unimplemented(self):
        self.assert_status(12, with_fields(), message(b"a") + message(b"b"))

    def test_cut_message_is_internal(self):
        self.assert_status(13, with_fields(), message(b"abc")[:-1])
        self.assert_status(13, with_fields(), b"\0\0")

    def test_cut_message_of_a_stream_is_internal(self):
        self.assert_status(13, with_fields(path="/test.Peer/Collect"), message(b"abc") + b"\0")

    def test_compressed_flag_without_encoding_is_internal(self):
        self.assert_status(13, with_fields(), message(b"abc", flag=1))
        self.assert_status(13, with_fields(grpc_encoding="identity"), message(b"abc", flag=1))

    def test_gzip_is_inflated_and_corruption_is_internal(self):
        packed = gzip.compress(b"abc" * 1000)
        _, data, _ = self.answer(with_fields(grpc_encoding="gzip"), message(packed, flag=1))
        self.assertEqual(data, message(b"abc" * 1000))
        _, data, _ = self.answer(with_fields(grpc_encoding="gzip"), message(b"plain"))
        self.assertEqual(data, message(b"plain"))
        self.assert_status(13, with_fields(grpc_encoding="gzip"), message(packed[:-1], flag=1))
        self.assert_status(13, with_fields(grpc_encoding="gzip"), message(b"abc", flag=1))

    def test_limit_is_judged_again_while_inflating(self):
        bomb = gzip.compress(bytes((4 << 20) + 1))
        self.assert_status(8, with_fields(grpc_encoding="gzip"), message(bomb, flag=1))

    def test_unknown_flag_is_internal(self):
        self.assert_status(13, with_fields(), message(b"abc", flag=2))

    def test_unknown_encoding_is_unimplemented_and_names_ours(self):
        headers, _ = self.assert_status(12, with_fields(grpc_encoding="brotli"))
        self.assertIn(("grpc-accept-encoding", "identity,gzip"), headers[0])

    def test_limit_is_judged_from_the_prefix(self):
        with Raw(self.peer) as connection:
            connection.send(HEADERS, END_HEADERS, 1, block(with_fields()))
            connection.send(DATA, 0, 1, struct.pack(">BI", 0, (4 << 20) + 1))
            headers, _, _ = self.read([connection.wait_for(HEADERS, 1)])
            self.assertIn(("grpc-status", "8"), headers[0])
            self.assertEqual(connection.wait_for(RST_STREAM, 1)[3], struct.pack(">I", NO_ERROR))

    def test_timeouts(self):
        for good in ("10S", "00000010S", "99999999H", "100000m"):
            self.assertEqual(self.answer(with_fields(grpc_timeout=good))[1], message(b"hi"))
        for bad in ("", "S", "1", "123456789n", "1s", "-1S", "1.5S"):
            self.assert_status(13, with_fields(grpc_timeout=bad), text="malformed grpc-timeout")

    def test_expired_call_gets_trailers_then_cancel(self):
        with Raw(self.peer) as connection:
            connection.send(HEADERS, END_HEADERS, 1, block(with_fields(path="/test.Peer/Collect", grpc_timeout="20m")))
            headers, _, _ = self.read([connection.wait_for(HEADERS, 1)])
            self.assertIn(("grpc-status", "4"), headers[0])
            self.assertEqual(connection.wait_for(RST_STREAM, 1)[3], struct.pack(">I", CANCEL))

    def test_early_trailers_are_followed_by_reset_without_error(self):
        with Raw(self.peer) as connection:
            connection.send(HEADERS, END_HEADERS, 1, block(with_fields(path="/test.Peer/None")))
            self.assertTrue(connection.wait_for(HEADERS, 1)[1] & END_STREAM)
            self.assertEqual(connection.wait_for(RST_STREAM, 1)[3], struct.pack(">I", NO_ERROR))

    def test_what_the_server_promises(self):
        with Raw(self.peer) as connection:
            payload = connection.wait_for(SETTINGS)[3]
            promised = dict(struct.unpack(">HI", payload[i:i + 6]) for i in range(0, len(payload), 6))
        self.assertEqual((promised[3], promised[4], promised[6]), (1000, 65536, 8192))

    def test_unknown_method_is_trailers_only(self):
        for path in ("/test.Peer/echo", "/test.peer/Echo", "/", "/test.Peer/Echo/", "*", "test.Peer/Echo"):
            headers, _, frames = self.answer(with_fields(path=path))
            if frames[0][0] == HEADERS:
                self.assertEqual(len(frames), 1)
                self.assertIn(("grpc-status", "12"), headers[0])

    def test_content_types(self):
        for good in ("application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8",
                     "application/grpc+proto;charset=utf-8"):
            self.assertEqual(self.answer(with_fields(content_type=good))[1], message(b"hi"))
        for unknown in ("application/grpc+json", "application/grpc+protobuf", "application/grpc+"):
            self.assert_status(12, with_fields(content_type=unknown), text="messages other than +proto")
        for bad in ("application/grpcx", "application/grp", "text/html", None):
            headers, data, frames = self.answer(with_fields(content_type=bad))
            self.assertEqual(dict(headers[0])[":status"], "415")
            self.assertTrue(data)
            self.assertTrue(frames[-1][1] & END_STREAM)

    def test_other_methods_are_405(self):
        for method in ("GET", "PUT", "post"):
            headers, _, _ = self.answer(with_fields(method=method))
            self.assertEqual(dict(headers[0])[":status"], "405")

    def test_headers_over_the_limit_are_refused(self):
        self.assertEqual(self.answer(with_fields(x_long="x" * 7000))[1], message(b"hi"))
        self.assert_status(8, with_fields(x_long="x" * 8000))
        with Raw(self.peer) as connection:
            fields = with_fields() + [(f"x-{i}", "y") for i in range(220)]
            connection.request(1, fields, message(b"hi"))
            self.assertIn(("grpc-status", "8"), self.read(connection.frames_of(1))[0][0])

    def test_binary_metadata_with_and_without_padding(self):
        fields = with_fields(path="/test.Peer/Metadata", x_a_bin="YQ==", x_b_bin="YQ", x_c_bin="YQ,Yg==, Yw",
                             x_d_bin="!bad!", x_e="\x80\xff")
        headers, data, _ = self.answer(fields)
        self.assertEqual(data, message(b"hi"))
        kept = [(name, value) for name, value in headers[-1] if name.startswith("x-") and name.endswith("-bin")]
        self.assertEqual(kept, [("x-a-bin", "YQ"), ("x-b-bin", "YQ"), ("x-c-bin", "YQ"), ("x-c-bin", "Yg"),
                                ("x-c-bin", "Yw")])

    def test_reset_cancels_the_call(self):
        before = self.peer.stats()["cancelled"]
        with Raw(self.peer) as connection:
            connection.request(1, with_fields(path="/test.Peer/Wait"), message(b""))
            connection.send(RST_STREAM, 0, 1, struct.pack(">I", CANCEL))
            connection.send(PING, 0, 0, b"12345678")
            connection.wait_for(PING)
        self.assertEqual(self.peer.stats()["cancelled"], before + 1)

    def test_held_call_gives_no_window_and_goes_on_when_released(self):
        with Raw(self.peer) as connection:
            connection.send(HEADERS, END_HEADERS, 1, block(with_fields(path="/test.Peer/Hold")))
            part, sent = message(b"x" * 16000), 0
            while sent + len(part) <= 65535:
                connection.send(DATA, 0, 1, part)
                sent += len(part)
            connection.send(PING, 0, 0, b"12345678")
            seen = []
            while not seen or seen[-1][0] != PING:
                seen.append(connection.frame())
            self.assertEqual([frame for frame in seen if frame[0] == WINDOW_UPDATE and frame[2] == 1], [])
            self.assertEqual(self.peer.stats()["messages"], 1)
            self.peer.unary("Release")(b"", timeout=TIMEOUT)
            connection.wait_for(WINDOW_UPDATE, 1)
            connection.send(DATA, END_STREAM, 1)
            self.assertTrue(connection.frames_of(1))
            self.assertEqual(self.peer.stats()["messages"], 4)

    def test_closed_window_holds_the_answer_back(self):
        window_of_three = struct.pack(">HI", 4, 3)
        with Raw(self.peer, window_of_three) as connection:
            connection.request(1, with_fields(), message(b"hello"))
            self.assertEqual(connection.wait_for(DATA, 1)[3], message(b"hello")[:3])
            connection.send(PING, 0, 0, b"12345678")
            frame = connection.frame()
            self.assertEqual((frame[0], frame[1]), (PING, ACK))
            connection.send(WINDOW_UPDATE, 0, 1, struct.pack(">I", 100))
            self.assertEqual(connection.wait_for(DATA, 1)[3], message(b"hello")[3:])
            self.assertTrue(connection.wait_for(HEADERS, 1)[1] & END_STREAM)

    def test_expired_call_ends_although_its_window_is_closed(self):
        with Raw(self.peer, struct.pack(">HI", 4, 0)) as connection:
            connection.request(1, with_fields(path="/test.Peer/Echo", grpc_timeout="200m"), message(b"hello"))
            frames = connection.frames_of(1)
            headers, data, _ = self.read(frames)
            self.assertEqual(data, b"")
            self.assertIn(("grpc-status", "4"), headers[-1])

    def test_reader_that_stops_does_not_stop_others(self):
        with Raw(self.peer, struct.pack(">HI", 4, 1 << 30)) as connection:
            connection.send(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 30))
            connection.request(1, with_fields(path="/test.Peer/Count"), message(b"10000 10000"))
            self.assertEqual(self.peer.unary("Echo")(b"others", timeout=TIMEOUT), b"others")
            length = sum(len(frame[3]) for frame in connection.frames_of(1) if frame[0] == DATA)
            self.assertEqual(length, 10000 * 10005)

    def test_no_preface_in_time_closes_the_connection(self):
        with Raw(self.peer, preface=False) as connection:
            started = time.monotonic()
            self.assertIsNone(self.drain(connection))
            self.assertLess(time.monotonic() - started, TIMEOUT)

    def test_what_is_not_http2_closes_the_connection(self):
        with Raw(self.peer, preface=False) as connection:
            connection.socket.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIsNone(self.drain(connection))

    def drain(self, connection):
        while True:
            frame = connection.frame()
            if frame is None:
                return None

    def test_even_stream_is_a_connection_error(self):
        with Raw(self.peer) as connection:
            connection.request(2, with_fields(), message(b"hi"))
            frame = connection.wait_for(GOAWAY)
            self.assertEqual(struct.unpack(">II", frame[3][:8])[1], PROTOCOL_ERROR)
            self.assertIsNone(self.drain(connection))

    def test_stream_id_that_was_passed_over_is_a_connection_error(self):
        with Raw(self.peer) as connection:
            connection.request(5, with_fields(), message(b"hi"))
            connection.frames_of(5)
            connection.request(3, with_fields(), message(b"hi"))
            frame = connection.wait_for(GOAWAY)
            self.assertEqual(struct.unpack(">II", frame[3][:8])[1], PROTOCOL_ERROR)
            self.assertIsNone(self.drain(connection))

    def test_many_streams_and_resets_leave_nothing_open(self):
        with Raw(self.peer) as connection:
            for i in range(300):
                stream = 2 * i + 1
                connection.send(HEADERS, END_HEADERS, stream, block(with_fields(path="/test.Peer/Collect")))
                connection.send(RST_STREAM, 0, stream, struct.pack(">I", CANCEL))
            connection.send(PING, 0, 0, b"12345678")
            connection.wait_for(PING)
            self.assertEqual(self.peer.stats()["open"], 1)


class Limits(unittest.TestCase):
    def test_calls_wait_for_queued_answers_to_leave(self):
        with Peer(PEER_MAX_QUEUED=1000) as peer, Raw(peer, struct.pack(">HI", 4, 0)) as connection:
            connection.request(1, with_fields(), message(b"x" * 2000))
            connection.request(3, with_fields(), message(b"y"))
            connection.request(5, with_fields(), message(b"z"))
            connection.wait_for(HEADERS, 1)
            connection.send(PING, 0, 0, b"12345678")
            self.assertEqual(connection.frame()[0], PING)
            connection.send(RST_STREAM, 0, 5, struct.pack(">I", CANCEL))
            connection.send(WINDOW_UPDATE, 0, 1, struct.pack(">I", 3000))
            self.assertTrue(connection.wait_for(HEADERS, 3))
            connection.send(WINDOW_UPDATE, 0, 3, struct.pack(">I", 3000))
            self.assertEqual(connection.wait_for(DATA, 3)[3], message(b"y"))
            self.assertEqual(peer.stats()["open"], 1)

    def test_without_descriptors_connections_are_refused_and_others_served(self):
        with Peer(limit=40) as peer, Raw(peer) as first:
            others = [Raw(peer, preface=False) for _ in range(60)]
            self.assertIsNone(others[-1].frame())
            first.request(1, with_fields(), message(b"hi"))
            self.assertEqual(first.wait_for(DATA, 1)[3], message(b"hi"))
            for other in others:
                other.socket.close()


class Stop(unittest.TestCase):
    def test_stop_is_announced_then_final_then_closed(self):
        with Peer(PEER_GRACE_MS=60000) as peer, Raw(peer) as connection:
            connection.send(HEADERS, END_HEADERS, 1, block(with_fields(path="/test.Peer/Chat")))
            connection.wait_for(SETTINGS)
            peer.process.terminate()
            first = connection.wait_for(GOAWAY)
            self.assertEqual(struct.unpack(">II", first[3][:8]), ((1 << 31) - 1, NO_ERROR))
            ping = connection.wait_for(PING)
            connection.request(3, with_fields(), message(b"late"))
            connection.send(PING, ACK, 0, ping[3])
            seen = {}
            while (GOAWAY, 0) not in seen or (DATA, 3) not in seen:
                kind, _, stream, payload = connection.frame()
                seen[kind, stream] = payload
            self.assertEqual(seen[DATA, 3], message(b"late"))
            self.assertEqual(struct.unpack(">II", seen[GOAWAY, 0][:8]), (3, NO_ERROR))
            connection.send(DATA, END_STREAM, 1, message(b"end"))
            self.assertEqual(connection.wait_for(DATA, 1)[3], message(b"end"))
            self.assertTrue(connection.wait_for(HEADERS, 1)[1] & END_STREAM)
            self.assertIsNone(connection.frame())
            self.assertEqual(peer.process.wait(TIMEOUT), 0)


    def test_stop_is_final_after_5_s_without_an_answer_to_its_ping(self):
        with Peer(PEER_GRACE_MS=60000) as peer, Raw(peer) as connection:
            connection.send(HEADERS, END_HEADERS, 1, block(with_fields(path="/test.Peer/Chat")))
            connection.wait_for(SETTINGS)
            started = time.monotonic()
            peer.process.terminate()
            connection.wait_for(GOAWAY)
            final = connection.wait_for(GOAWAY)
            self.assertEqual(struct.unpack(">II", final[3][:8]), (1, NO_ERROR))
            self.assertGreater(time.monotonic() - started, 4.5)
            connection.send(DATA, END_STREAM, 1, message(b"end"))
            self.assertEqual(connection.wait_for(DATA, 1)[3], message(b"end"))
            self.assertEqual(peer.process.wait(TIMEOUT), 0)


def connection_bytes():
    """A second request's frames, as bytes."""
    frames = bytearray()
    fields = block(with_fields())
    frames += struct.pack(">I", len(fields))[1:] + struct.pack(">BBI", HEADERS, END_HEADERS, 1) + fields
    body = message(b"hi")
    frames += struct.pack(">I", len(body))[1:] + struct.pack(">BBI", DATA, END_STREAM, 1) + body
    return frames


if __name__ == "__main__":
    unittest.main()
