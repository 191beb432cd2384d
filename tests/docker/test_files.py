#!/usr/bin/python3
"""Every combination of the compose files is one that Compose takes."""

import unittest

import project


class Files(unittest.TestCase):
    def test_compose_takes_them(self):
        single, many, watched = "compose.yaml", "compose.ha.yaml", "compose.observability.yaml"
        for files in ((single,), (many,), (single, watched), (many, watched)):
            with self.subTest(files):
                project.Project(*files).compose("config", "--quiet")


if __name__ == "__main__":
    unittest.main(verbosity=2)
