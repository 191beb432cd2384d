#!/usr/bin/python3
"""The server against peers that break HTTP/2's rules (RFC 9113, RFC 7541): each breach gets the error that the rule names,
each oddity that is allowed gets its answer."""
import struct
import unittest

from peer import (ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE, Peer,
                  Raw, block, message, with_fields)

PRIORITY, PUSH_PROMISE, CONTINUATION = 2, 5, 9
PADDED, WITH_PRIORITY = 8, 32
NO_ERROR, PROTOCOL, FLOW_CONTROL, CLOSED, FRAME_SIZE, REFUSED, CANCEL, COMPRESSION = 0, 1, 3, 5, 6, 7, 8, 9
REQUEST = block(with_fields())
CHAT = block(with_fields(path="/test.Peer/Chat"))
HI = message(b"hi")


def frame(kind, flags, stream, payload=b"", length=None):
    length = len(payload) if length is None else length
    return struct.pack(">I", length)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def number(value):
    return struct.pack(">I", value)


def setting(name, value):
    return struct.pack(">HI", name, value)


def fields(*pairs):
    """A whole request that ends with these fields."""
    return frame(HEADERS, END_HEADERS | END_STREAM, 1, block(list(pairs)))


OPEN = frame(HEADERS, END_HEADERS, 1, CHAT)
WHOLE = frame(HEADERS, END_HEADERS, 1, REQUEST) + frame(DATA, END_STREAM, 1, HI)
PSEUDO = [(":method", "POST"), (":scheme", "http"), (":path", "/test.Peer/Echo"), (":authority", "peer")]
TYPE = ("content-type", "application/grpc")

# What is sent after the preface, and the codes one of which the GOAWAY bears.
CONNECTION = {
    # 4.2, 6: sizes and streams of frames
    "data_over_the_frame_size": (OPEN + frame(DATA, 0, 1, bytes(16385)), {FRAME_SIZE}),
    "headers_over_the_frame_size": (frame(HEADERS, END_HEADERS, 1, REQUEST + bytes(16385)), {FRAME_SIZE}),
    "settings_of_odd_length": (frame(SETTINGS, 0, 0, b"\0\3\0"), {FRAME_SIZE}),
    "settings_ack_with_payload": (frame(SETTINGS, ACK, 0, b"\0"), {FRAME_SIZE}),
    "ping_of_wrong_length": (frame(PING, 0, 0, b"123456"), {FRAME_SIZE}),
    "priority_of_wrong_length_breaks": (frame(PRIORITY, 0, 1, b"1234"), {FRAME_SIZE, None}),
    "reset_of_wrong_length": (OPEN + frame(RST_STREAM, 0, 1, b"123"), {FRAME_SIZE}),
    "window_update_of_wrong_length": (frame(WINDOW_UPDATE, 0, 0, b"123"), {FRAME_SIZE}),
    "data_on_stream_zero": (frame(DATA, END_STREAM, 0, HI), {PROTOCOL}),
    "headers_on_stream_zero": (frame(HEADERS, END_HEADERS, 0, REQUEST), {PROTOCOL}),
    "priority_on_stream_zero": (frame(PRIORITY, 0, 0, bytes(5)), {PROTOCOL}),
    "reset_on_stream_zero": (frame(RST_STREAM, 0, 0, number(CANCEL)), {PROTOCOL}),
    "settings_on_a_stream": (frame(SETTINGS, 0, 1, b""), {PROTOCOL}),
    "ping_on_a_stream": (frame(PING, 0, 1, bytes(8)), {PROTOCOL}),
    "goaway_on_a_stream": (frame(GOAWAY, 0, 1, bytes(8)), {PROTOCOL}),
    "push_promise_of_a_client": (OPEN + frame(PUSH_PROMISE, END_HEADERS, 1, number(2) + REQUEST), {PROTOCOL}),
    # 5.1: states
    "data_on_an_idle_stream": (frame(DATA, END_STREAM, 1, HI), {PROTOCOL, CLOSED}),
    "reset_of_an_idle_stream": (frame(RST_STREAM, 0, 1, number(CANCEL)), {PROTOCOL}),
    "window_update_of_an_idle_stream": (frame(WINDOW_UPDATE, 0, 1, number(100)), {PROTOCOL}),
    "continuation_of_nothing": (frame(CONTINUATION, END_HEADERS, 1, REQUEST), {PROTOCOL}),
    "data_behind_the_end": (WHOLE + frame(DATA, END_STREAM, 1, HI), {CLOSED}),
    "headers_behind_the_end": (WHOLE + frame(HEADERS, END_HEADERS | END_STREAM, 1, REQUEST), {CLOSED}),
    "even_stream": (frame(HEADERS, END_HEADERS | END_STREAM, 2, REQUEST), {PROTOCOL}),
    "lower_stream": (frame(HEADERS, END_HEADERS, 5, CHAT) + frame(HEADERS, END_HEADERS, 3, CHAT), {PROTOCOL}),
    # 6.1, 6.2, 6.10: padding, blocks in pieces
    "padding_as_long_as_data": (OPEN + frame(DATA, PADDED, 1, b"\5" + bytes(5)[:4]), {PROTOCOL}),
    "padding_as_long_as_headers": (frame(HEADERS, PADDED | END_HEADERS, 1, b"\xff" + REQUEST), {PROTOCOL}),
    "other_frame_inside_a_block": (frame(HEADERS, 0, 1, REQUEST) + frame(PING, 0, 0, bytes(8)), {PROTOCOL}),
    "other_stream_inside_a_block": (frame(HEADERS, 0, 1, REQUEST) + frame(HEADERS, END_HEADERS, 3, REQUEST),
                                    {PROTOCOL}),
    "unknown_frame_inside_a_block": (frame(HEADERS, 0, 1, REQUEST) + frame(0xff, 0, 0, bytes(8)), {PROTOCOL}),
    "continuation_of_another_stream": (frame(HEADERS, 0, 1, REQUEST) + frame(CONTINUATION, END_HEADERS, 3), {PROTOCOL}),
    "continuation_after_the_block": (frame(HEADERS, END_HEADERS, 1, CHAT) + frame(CONTINUATION, END_HEADERS, 1),
                                     {PROTOCOL}),
    # 6.5.2, 6.9: settings and windows
    "push_neither_on_nor_off": (frame(SETTINGS, 0, 0, setting(2, 2)), {PROTOCOL}),
    "initial_window_too_large": (frame(SETTINGS, 0, 0, setting(4, 1 << 31)), {FLOW_CONTROL}),
    "frame_size_too_small": (frame(SETTINGS, 0, 0, setting(5, 16383)), {PROTOCOL}),
    "frame_size_too_large": (frame(SETTINGS, 0, 0, setting(5, 1 << 24)), {PROTOCOL}),
    "connection_window_by_nothing": (frame(WINDOW_UPDATE, 0, 0, number(0)), {PROTOCOL}),
    "connection_window_too_large": (frame(WINDOW_UPDATE, 0, 0, number((1 << 31) - 1)), {FLOW_CONTROL}),
    # RFC 7541: HPACK
    "index_zero": (frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x80"), {COMPRESSION}),
    "index_beyond_the_tables": (frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\xff\x20"), {COMPRESSION}),
    "table_over_the_limit": (frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x3f\xff\xff\x03" + REQUEST), {COMPRESSION}),
    "table_size_behind_a_field": (frame(HEADERS, END_HEADERS | END_STREAM, 1, REQUEST + b"\x20"), {COMPRESSION}),
    "huffman_padding_too_long": (frame(HEADERS, END_HEADERS | END_STREAM, 1, REQUEST + b"\0\x85\xf2\xb2\x4a\xff\xff\x01a"),
                                 {COMPRESSION}),
    "huffman_end_of_string": (frame(HEADERS, END_HEADERS | END_STREAM, 1, REQUEST + b"\0\x84\xff\xff\xff\xff\x01a"),
                              {COMPRESSION}),
    "block_that_is_cut": (frame(HEADERS, END_HEADERS | END_STREAM, 1, REQUEST + b"\0\x05ab"), {COMPRESSION}),
}

# The same for a RST_STREAM of stream 1, or a GOAWAY, which is allowed instead.
STREAM = {
    "stream_window_by_nothing": (OPEN + frame(WINDOW_UPDATE, 0, 1, number(0)), {PROTOCOL}),
    "stream_window_too_large": (OPEN + frame(WINDOW_UPDATE, 0, 1, number((1 << 31) - 1)), {FLOW_CONTROL}),
    "settings_that_overflow_its_window": (OPEN + frame(WINDOW_UPDATE, 0, 1, number((1 << 31) - 65536)) +
                                          frame(SETTINGS, 0, 0, setting(4, 65537)), {FLOW_CONTROL}),
    "data_behind_a_reset": (OPEN + frame(RST_STREAM, 0, 1, number(CANCEL)) + frame(DATA, END_STREAM, 1, HI), {CLOSED}),
    "headers_behind_a_reset": (OPEN + frame(RST_STREAM, 0, 1, number(CANCEL)) +
                               frame(HEADERS, END_HEADERS | END_STREAM, 1, REQUEST), {CLOSED}),
    "stream_that_depends_on_itself": (frame(HEADERS, END_HEADERS | END_STREAM | WITH_PRIORITY, 1,
                                            number(1) + b"\x10" + REQUEST), {PROTOCOL}),
    "trailers_without_end": (OPEN + frame(HEADERS, END_HEADERS, 1, block([("x-a", "b")])), {PROTOCOL}),
    "pseudo_header_in_trailers": (OPEN + frame(HEADERS, END_HEADERS | END_STREAM, 1, block([(":method", "POST")])),
                                  {PROTOCOL}),
    "upper_case_name": (fields(*PSEUDO, TYPE, ("X-Upper", "v")), {PROTOCOL}),
    "unknown_pseudo_header": (fields(*PSEUDO, (":test", "v"), TYPE), {PROTOCOL}),
    "pseudo_header_of_a_response": (fields(*PSEUDO, (":status", "200"), TYPE), {PROTOCOL}),
    "pseudo_header_behind_a_field": (fields(*PSEUDO[:3], TYPE, PSEUDO[3]), {PROTOCOL}),
    "connection_field": (fields(*PSEUDO, TYPE, ("connection", "keep-alive")), {PROTOCOL}),
    "te_of_something_else": (fields(*PSEUDO, TYPE, ("te", "gzip")), {PROTOCOL}),
    "no_method": (fields(*PSEUDO[1:], TYPE), {PROTOCOL}),
    "no_scheme": (fields(PSEUDO[0], *PSEUDO[2:], TYPE), {PROTOCOL}),
    "no_path": (fields(*PSEUDO[:2], PSEUDO[3], TYPE), {PROTOCOL}),
    "empty_path": (fields(*PSEUDO[:2], (":path", ""), TYPE), {PROTOCOL}),
    "method_twice": (fields(PSEUDO[0], *PSEUDO, TYPE), {PROTOCOL}),
    "scheme_twice": (fields(PSEUDO[1], *PSEUDO, TYPE), {PROTOCOL}),
    "path_twice": (fields(PSEUDO[2], *PSEUDO, TYPE), {PROTOCOL}),
    "length_that_is_wrong": (frame(HEADERS, END_HEADERS, 1, block(with_fields(content_length="1"))) +
                             frame(DATA, END_STREAM, 1, HI), {PROTOCOL}),
}

# What is odd and allowed: stream 1 is answered with a message.
ALLOWED = {
    "unknown_frame": frame(0xff, 0xff, 0, bytes(20)) + WHOLE,
    "unknown_setting": frame(SETTINGS, 0, 0, setting(0xff, 1)) + WHOLE,
    "setting_twice": frame(SETTINGS, 0, 0, setting(4, 100) + setting(4, 65535)) + WHOLE,
    "unknown_flags": frame(PING, 0xf6, 0, bytes(8)) + WHOLE,
    "reserved_bit_of_the_stream": frame(HEADERS, END_HEADERS, 1 | 1 << 31, REQUEST) + frame(DATA, END_STREAM, 1, HI),
    "priority_of_an_idle_stream": frame(PRIORITY, 0, 7, number(1) + b"\x10") + WHOLE,
    "priority_in_headers": frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, number(0) + b"\xff" + REQUEST) +
                           frame(DATA, END_STREAM, 1, HI),
    "padding": frame(HEADERS, END_HEADERS | PADDED, 1, b"\4" + REQUEST + bytes(4)) +
               frame(DATA, END_STREAM | PADDED, 1, b"\6" + HI + bytes(6)),
    "block_in_pieces": frame(HEADERS, 0, 1, REQUEST[:10]) + frame(CONTINUATION, 0, 1, b"") +
                       frame(CONTINUATION, END_HEADERS, 1, REQUEST[10:]) + frame(DATA, END_STREAM, 1, HI),
    "trailers": frame(HEADERS, END_HEADERS, 1, REQUEST) + frame(DATA, 0, 1, HI) +
                frame(HEADERS, END_HEADERS | END_STREAM, 1, block([("x-a", "b")])),
    "length_that_is_right": frame(HEADERS, END_HEADERS, 1, block(with_fields(content_length=str(len(HI))))) +
                            frame(DATA, END_STREAM, 1, HI),
    "frame_of_the_largest_size": frame(HEADERS, END_HEADERS, 1, block(with_fields(path="/test.Peer/Collect"))) +
                                 frame(DATA, END_STREAM, 1, message(bytes(16384 - 5))),
}


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.peer = Peer()

    @classmethod
    def tearDownClass(cls):
        cls.peer.__exit__()

    def errors(self, sent):
        """(kind, code) of the first GOAWAY or RST_STREAM; (GOAWAY, None) for a connection closed without one."""
        with Raw(self.peer) as connection:
            connection.socket.sendall(sent)
            while True:
                got = connection.frame()
                if got is None:
                    return GOAWAY, None
                if got[0] == GOAWAY:
                    return GOAWAY, struct.unpack(">I", got[3][4:8])[0]
                if got[0] == RST_STREAM and got[2] == 1:
                    return RST_STREAM, struct.unpack(">I", got[3])[0]

    def test_breaches_that_end_the_connection(self):
        for name, (sent, codes) in CONNECTION.items():
            with self.subTest(name):
                kind, code = self.errors(sent)
                self.assertEqual(kind, GOAWAY)
                self.assertIn(code, codes)

    def test_breaches_that_end_the_stream(self):
        for name, (sent, codes) in STREAM.items():
            with self.subTest(name):
                self.assertIn(self.errors(sent)[1], codes)

    def test_what_is_odd_and_allowed(self):
        for name, sent in ALLOWED.items():
            with self.subTest(name), Raw(self.peer) as connection:
                connection.socket.sendall(sent)
                self.assertTrue(connection.wait_for(DATA, 1)[3].startswith(b"\0\0\0"))

    def test_ended_streams_are_remembered(self):
        """Not only within one packet: the answer has been read before more is sent."""
        for kind, payload in (DATA, HI), (HEADERS, REQUEST):
            with self.subTest(kind), Raw(self.peer) as connection:
                for stream in range(1, 21, 2):
                    connection.request(stream, with_fields(), HI)
                    connection.frames_of(stream)
                connection.send(kind, END_STREAM | END_HEADERS, 15, payload)
                got = connection.wait_for(GOAWAY)
                self.assertEqual(struct.unpack(">II", got[3][:8]), (19, CLOSED))
                self.assertIsNone(connection.frame())

    def test_what_is_on_its_way_when_the_server_resets_is_ignored(self):
        """An expired call is reset by the server; DATA and trailers that cross that do no harm."""
        with Raw(self.peer) as connection:
            connection.send(HEADERS, END_HEADERS, 1, block(with_fields(path="/test.Peer/Chat", grpc_timeout="1m")))
            self.assertEqual(connection.frames_of(1)[-1][1] & END_STREAM, END_STREAM)
            connection.wait_for(RST_STREAM, 1)
            connection.send(DATA, 0, 1, HI)
            connection.send(HEADERS, END_HEADERS | END_STREAM, 1, block([("x-a", "b")]))
            connection.request(3, with_fields(), HI)
            self.assertEqual(connection.wait_for(DATA, 3)[3], HI)

    def test_settings_and_pings_are_acknowledged(self):
        with Raw(self.peer) as connection:
            connection.send(PING, 0, 0, b"12345678")
            seen = [connection.frame() for _ in range(4)]
            self.assertIn((SETTINGS, ACK, 0, b""), seen)
            self.assertIn((PING, ACK, 0, b"12345678"), seen)

    def test_ping_acknowledgement_is_not_answered(self):
        with Raw(self.peer) as connection:
            connection.send(PING, ACK, 0, b"acknowle")
            connection.send(PING, 0, 0, b"question")
            self.assertEqual(connection.wait_for(PING), (PING, ACK, 0, b"question"))

    def test_window_of_one_byte_and_its_reduction_below_zero(self):
        with Raw(self.peer, setting(4, 1)) as connection:
            connection.request(1, with_fields(), HI)
            self.assertEqual(connection.wait_for(DATA, 1)[3], HI[:1])
            connection.send(SETTINGS, 0, 0, setting(4, 0))
            connection.send(WINDOW_UPDATE, 0, 1, number(3))
            self.assertEqual(connection.wait_for(DATA, 1)[3], HI[1:3])

    def test_streams_over_a_limit_not_yet_acknowledged_are_refused(self):
        with Peer(PEER_MAX_STREAMS=3) as peer, Raw(peer) as connection:
            for stream in range(1, 9, 2):
                connection.send(HEADERS, END_HEADERS, stream, CHAT)
            got = connection.wait_for(RST_STREAM)
            self.assertEqual((got[2], struct.unpack(">I", got[3])[0]), (7, REFUSED))

    def test_streams_over_an_acknowledged_limit_end_the_connection(self):
        with Peer(PEER_MAX_STREAMS=3) as peer, Raw(peer) as connection:
            connection.wait_for(SETTINGS)
            connection.send(SETTINGS, ACK, 0)
            for stream in range(1, 9, 2):
                connection.send(HEADERS, END_HEADERS, stream, CHAT)
            self.assertEqual(struct.unpack(">I", connection.wait_for(GOAWAY)[3][4:8])[0], PROTOCOL)


if __name__ == "__main__":
    unittest.main()
