"""The client that most programs ask with, where it is installed."""

import io
import unittest
from unittest import mock

from tenterhook import fake, http

try:
    import requests
except ImportError:
    requests = None  # type: ignore[assignment]


@unittest.skipIf(requests is None, "`requests` is not installed")
class Requests(unittest.TestCase):
    def setUp(self):
        from tenterhook import _requests

        fake.reset()
        kept = requests.adapters.HTTPAdapter.send
        patch = mock.patch.object(requests.adapters.HTTPAdapter, "send", kept)
        patch.start()
        self.addCleanup(patch.stop)
        _requests.install()
        self.sent = []

    def answer(self, *answers):
        answers = list(answers)
        fake.answer_requests(lambda request: self.sent.append(request) or answers.pop(0))

    def test_it_asks_the_same_way(self):
        away = http.Response(302, "", {"Location": "http://h/there", "Set-Cookie": "a=1"})
        self.answer(away, http.Response(201, {"a": "ü"}, [("Content-Type", "application/json"), ("X-A", "1"), ("x-a", "2")]))
        answer = requests.get("http://h/a b", params={"q": "ü"}, headers={"X-B": "1"}, timeout=(1, 3), auth=("ada", "x"))
        self.assertEqual((answer.status_code, answer.json(), answer.headers["x-a"], answer.url), (201, {"a": "ü"}, "1, 2", "http://h/there"))
        self.assertEqual([(request.url, request.timeout) for request in self.sent], [("http://h/a%20b?q=%C3%BC", 3), ("http://h/there", 3)])
        sent = dict(self.sent[0].headers)
        self.assertEqual((sent["X-B"], sent["Authorization"], "Connection" in sent), ("1", "Basic YWRhOng=", False))

    def test_bodies_are_sent_whole(self):
        self.answer(*[http.Response(404) for _ in range(4)])
        for body in ("ü", b"\xff", io.BytesIO(b"file"), iter([b"a", "b"])):
            self.assertFalse(requests.post("http://h/", data=body).ok)
        self.assertEqual([request.content for request in self.sent], ["ü".encode(), b"\xff", b"file", b"ab"])

    def test_errors_are_its_own(self):
        self.assertRaises(requests.exceptions.ConnectionError, requests.get, "http://h/")

        def late(request):
            raise http.Timeout("the answer took too long")

        fake.answer_requests(late)
        self.assertRaises(requests.exceptions.Timeout, requests.get, "http://h/")


if __name__ == "__main__":
    unittest.main()
