"""The eight rules of the seed (SPEC §4.13) as one list of tests over a client, whatever it speaks."""

from harness import LONG_LEASES, TestCase


class Refused(Exception):
    """A call's refusal: code name, reason or None, message."""

    def __init__(self, code, reason, message):
        super().__init__(f"{code} {reason}: {message}")
        self.code = code
        self.reason = reason
        self.message = message


def silo(silo_id, versions, address="10.0.0.1", port=9000):
    return {"silo_id": silo_id, "address": address, "port": port, "versions": versions}


class SeedRules:
    """Mixed into a TestCase that gives `self.client`: register(silo), register_versions(id, versions), get(id) → status
    or None, capabilities(id) → {type: version}, list_capabilities() → {id: {type: version}}, find(type, version="") →
    [id], type_version(id, type); refusals raise Refused. `self.settle()` runs between writing and reading."""

    def settle(self):
        pass

    def test_register_updates_membership(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}))
        self.settle()
        self.assertEqual("ACTIVE", self.client.get("silo-1"))
        self.assertIsNone(self.client.get("silo-2"))

    def test_capabilities_are_returned(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0", "Cart": "2.1.0-beta.1+build.7"}))
        self.settle()
        self.assertEqual({"Order": "1.0.0", "Cart": "2.1.0-beta.1+build.7"}, self.client.capabilities("silo-1"))

    def test_no_versions_gives_none(self):
        self.client.register(silo("silo-1", {}))
        self.settle()
        with self.assertRaises(Refused) as refused:
            self.client.capabilities("silo-1")
        self.assertEqual(("NOT_FOUND", "NO_VERSIONS"), (refused.exception.code, refused.exception.reason))
        with self.assertRaises(Refused) as refused:
            self.client.capabilities("nobody")
        self.assertEqual(("NOT_FOUND", "SILO_NOT_FOUND"), (refused.exception.code, refused.exception.reason))

    def test_list_returns_only_silos_with_versions(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}))
        self.client.register(silo("silo-2", {}))
        self.client.register(silo("silo-3", {"Cart": "3.0.0"}))
        self.settle()
        self.assertEqual({"silo-1": {"Order": "1.0.0"}, "silo-3": {"Cart": "3.0.0"}}, self.client.list_capabilities())

    def test_find_with_version_returns_exact_matches(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}))
        self.client.register(silo("silo-2", {"Order": "2.0.0"}))
        self.client.register(silo("silo-3", {"Order": "1.0.0"}))
        self.settle()
        self.assertEqual(["silo-1", "silo-3"], self.client.find("Order", "1.0.0"))
        self.assertEqual(["silo-2"], self.client.find("Order", "2.0.0"))
        self.assertEqual([], self.client.find("Order", "3.0.0"))

    def test_find_without_version_returns_all_with_the_type(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}))
        self.client.register(silo("silo-2", {"Order": "2.0.0"}))
        self.client.register(silo("silo-3", {"Cart": "1.0.0"}))
        self.settle()
        self.assertEqual({"silo-1", "silo-2"}, set(self.client.find("Order")))
        self.assertEqual([], self.client.find("Unknown"))

    def test_type_version_after_registration(self):
        self.client.register(silo("silo-1", {}))
        self.client.register_versions("silo-1", {"Order": "1.5.0"})
        self.settle()
        self.assertEqual("1.5.0", self.client.type_version("silo-1", "Order"))
        with self.assertRaises(Refused) as refused:
            self.client.type_version("silo-1", "Cart")
        self.assertEqual("NOT_FOUND", refused.exception.code)

    def test_missing_versions_are_rejected(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}))
        with self.assertRaises(Refused) as refused:
            self.client.register_versions("silo-1", {})
        self.assertEqual("INVALID_ARGUMENT", refused.exception.code)
        self.assertIn("actor_type_versions", refused.exception.message)
        self.settle()
        self.assertEqual({"Order": "1.0.0"}, self.client.capabilities("silo-1"))


class ServedTestCase(TestCase):
    """A test against a qvtd of its own. STORE: "memory" or "sqlite"."""

    STORE = "memory"

    def setUp(self):
        super().setUp()
        self.server = self.serve(LONG_LEASES, store="memory" if self.STORE == "memory" else self.sqlite())
        self.client = self.connect()


class AcrossACrash:
    """Mixed in before SeedRules: what was acknowledged is answered the same after kill -9 and a new start."""

    STORE = "sqlite"

    def settle(self):
        self.server.restart(crash=True)
        self.client = self.connect()
