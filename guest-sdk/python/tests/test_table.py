"""Fake events are what the host makes of requests: held to the table that all SDKs are."""

import base64
import json
import unittest
from pathlib import Path

from tenterhook import fake
from tenterhook.response import encode

TABLE = Path(__file__).parents[3] / "plugins" / "echo" / "expected.json"


@unittest.skipUnless(TABLE.exists(), "the table is in the repository")
class Table(unittest.TestCase):
    def test_fake_events_are_the_host_s(self):
        for row in json.loads(TABLE.read_text()):
            with self.subTest(row["name"]):
                headers = [("Host", "h"), *map(tuple, row["headers"])]
                trailers = [tuple(pair) for pair in row.get("trailers", [])]
                if trailers:
                    headers.append(("Transfer-Encoding", "chunked"))
                body = base64.b64decode(row["body"]) if "body" in row else None
                event = fake.event(row["method"], row["url"], headers, body=body, trailers=trailers)
                expected = encode(row["data"])
                self.assertEqual(encode(event.data), expected)
                self.assertEqual(encode(event.get("")), expected)


if __name__ == "__main__":
    unittest.main()
