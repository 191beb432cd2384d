#!/usr/bin/python3
"""grpc.reflection v1 and v1alpha as grpc's server-reflection document has it."""
import unittest

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool

import standard

TRACKER = "quark/version/v1/version_tracker.proto"
SYMBOLS = {
    "quark.version.v1.VersionTracker": TRACKER,
    "quark.version.v1.VersionTracker.GetSilo": TRACKER,
    "quark.version.v1.GetSiloRequest": TRACKER,
    "quark.version.v1.GetSiloRequest.silo_id": TRACKER,
    "quark.version.v1.SiloInfo": "quark/version/v1/silo.proto",
    "quark.version.v1.SiloInfo.LabelsEntry": "quark/version/v1/silo.proto",
    "quark.version.v1.SiloInfo.LabelsEntry.key": "quark/version/v1/silo.proto",
    "quark.version.v1.CompatibilityMode": "quark/version/v1/policy.proto",
    "quark.version.v1.COMPATIBILITY_MODE_STRICT": "quark/version/v1/policy.proto",
    "google.protobuf.Duration": "google/protobuf/duration.proto",
    "google.api.http": "google/api/annotations.proto",
    "google.api.HttpRule.pattern": "google/api/http.proto",
    "google.rpc.BadRequest.FieldViolation": "google/rpc/error_details.proto",
    "grpc.health.v1.Health": "grpc/health/v1/health.proto",
    "grpc.health.v1.HealthCheckResponse.SERVING": "grpc/health/v1/health.proto",
    "grpc.reflection.v1alpha.ServerReflection": "grpc/reflection/v1alpha/reflection.proto",
}
NOT_SYMBOLS = ["", ".", "quark", "quark.version.v1", "quark.version.v1.", "quark.version.v1.Version",
               "quark.version.v1.VersionTracker.", "quark.version.v1.VersionTracker.Nothing", "GetSilo",
               ".quark.version.v1.VersionTracker", "quark.version.v1.GetSiloRequest.silo_id.x", "x" * 5000]
SERVICES = {"quark.version.v1.VersionTracker", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection"}


class Reflection:
    """The cases, once a version."""

    version = None

    @classmethod
    def setUpClass(cls):
        cls.peer = standard.Peer()
        cls.reflection = standard.Reflection(cls.peer.channel, cls.version)

    @classmethod
    def tearDownClass(cls):
        cls.peer.__exit__()

    def files(self, **fields):
        answer = self.reflection.ask(**fields)
        self.assertEqual("file_descriptor_response", answer.WhichOneof("message_response"), fields)
        return [descriptor_pb2.FileDescriptorProto.FromString(wire)
                for wire in answer.file_descriptor_response.file_descriptor_proto]

    def refusal(self, **fields):
        answer = self.reflection.ask(**fields)
        self.assertEqual("error_response", answer.WhichOneof("message_response"), fields)
        self.assertTrue(answer.error_response.error_message)
        return grpc.StatusCode.NOT_FOUND.value[0] == answer.error_response.error_code

    def test_services_are_listed(self):
        answer = self.reflection.ask(list_services="*")
        self.assertEqual(SERVICES, {service.name for service in answer.list_services_response.service})
        self.assertEqual(len(SERVICES), len(answer.list_services_response.service))

    def test_answers_carry_the_question(self):
        answer = self.reflection.ask(host="somewhere", list_services="")
        self.assertEqual("somewhere", answer.valid_host)
        self.assertEqual("somewhere", answer.original_request.host)
        self.assertEqual("list_services", answer.original_request.WhichOneof("message_request"))

    def test_a_file_comes_with_all_it_imports(self):
        files = self.files(file_by_filename=TRACKER)
        names = [file.name for file in files]
        self.assertEqual(TRACKER, names[0])
        self.assertEqual(len(names), len(set(names)))
        self.assertFalse({name for file in files for name in file.dependency} - set(names))
        self.assertEqual(["google/protobuf/duration.proto"],
                         [file.name for file in self.files(file_by_filename="google/protobuf/duration.proto")])

    def test_symbols_of_every_kind_are_found(self):
        for symbol, file in SYMBOLS.items():
            self.assertEqual(file, self.files(file_containing_symbol=symbol)[0].name, symbol)

    def test_what_is_not_there_is_an_answer(self):
        for symbol in NOT_SYMBOLS:
            self.assertTrue(self.refusal(file_containing_symbol=symbol), symbol)
        for name in ["", "version_tracker.proto", TRACKER + "x"]:
            self.assertTrue(self.refusal(file_by_filename=name), name)

    def test_extensions_are_found(self):
        files = self.files(file_containing_extension={"containing_type": "google.protobuf.MethodOptions",
                                                      "extension_number": 72295728})
        self.assertEqual("google/api/annotations.proto", files[0].name)
        numbers = self.reflection.ask(all_extension_numbers_of_type="google.protobuf.MethodOptions")
        self.assertEqual("google.protobuf.MethodOptions", numbers.all_extension_numbers_response.base_type_name)
        self.assertEqual([72295728], list(numbers.all_extension_numbers_response.extension_number))
        none = self.reflection.ask(all_extension_numbers_of_type="google.protobuf.Duration")
        self.assertEqual("all_extension_numbers_response", none.WhichOneof("message_response"))
        self.assertEqual([], list(none.all_extension_numbers_response.extension_number))

    def test_unknown_extensions_are_answers(self):
        for kind, number in [("google.protobuf.MethodOptions", 1), ("nobody.Knows", 72295728), ("", 0)]:
            self.assertTrue(self.refusal(file_containing_extension={"containing_type": kind, "extension_number": number}))
        self.assertTrue(self.refusal(all_extension_numbers_of_type="nobody.Knows"))
        self.assertTrue(self.refusal(all_extension_numbers_of_type="quark.version.v1.VersionTracker"))

    def test_no_question_is_an_answer_too(self):
        self.assertFalse(self.refusal(host="x"))

    def test_many_questions_in_one_stream_are_answered_in_order(self):
        wanted = [TRACKER, "none"] * 200
        answers = self.reflection.ask_all(self.reflection.request(file_by_filename=name) for name in wanted)
        self.assertEqual(wanted, [answer.original_request.file_by_filename for answer in answers])
        self.assertEqual({"file_descriptor_response", "error_response"},
                         {answer.WhichOneof("message_response") for answer in answers})

    def test_the_files_make_the_messages(self):
        pool = descriptor_pool.DescriptorPool()
        for file in reversed(self.files(file_containing_symbol="grpc.health.v1.Health")):
            pool.Add(file)
        request = standard.message("quark.version.v1.GetSiloRequest", self.build(TRACKER))(silo_id="silo-1")
        self.assertIn(b"silo-1", request.SerializeToString())
        self.assertEqual(2, len(pool.FindServiceByName("grpc.health.v1.Health").methods))

    def build(self, name):
        """A pool of the file and its imports, each behind what it needs."""
        known = {file.name: file for file in self.files(file_by_filename=name)}
        pool, added = descriptor_pool.DescriptorPool(), set()

        def add(file):
            if file.name not in added:
                added.add(file.name)
                for dependency in file.dependency:
                    add(known[dependency])
                pool.Add(file)

        add(known[name])
        return pool


class V1(Reflection, unittest.TestCase):
    version = "v1"


class V1Alpha(Reflection, unittest.TestCase):
    version = "v1alpha"


if __name__ == "__main__":
    unittest.main()
