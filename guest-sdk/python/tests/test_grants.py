"""What handlers keep, ask and stream, on this machine."""

import io
import json
import unittest
import urllib.error
import urllib.request
from datetime import timedelta
from unittest import mock

from tenterhook import Response, Retry, fake, http, http_outcome, kv, reply
from tenterhook import _urllib


class Case(unittest.TestCase):
    def setUp(self):
        fake.reset()


class Keeping(Case):
    def test_what_is_kept_is_read_as_what_it_was(self):
        self.assertEqual([kv.set("a", "ü"), kv.set("b", {"n": [2**64]}), kv.set("c", bytearray(b"\xff"))], [1, 2, 3])
        self.assertEqual((kv.get("a").value, kv.get("a").text, kv.get_text("a"), kv.get_text("z", "none")), ("ü".encode(), "ü", "ü", "none"))
        self.assertEqual((kv.get("b").json().n, kv.get_json("b"), kv.get_json("z", 7)), ([2**64], {"n": [2**64]}, 7))
        self.assertEqual((kv.get("c"), kv.delete("c"), kv.delete("c"), kv.get("c")), (kv.Entry("c", b"\xff", 3), True, False, None))
        self.assertRaises(UnicodeDecodeError, lambda: kv.Entry("c", b"\xff", 3).text)
        self.assertRaises(TypeError, kv.set, "a", None)
        self.assertRaises(TypeError, kv.set, "a", object())
        kv.set("t", "x", ttl=timedelta(0))
        self.assertIsNone(kv.get("t"))
        self.assertRaises(ValueError, kv.set, "a", "b", ttl=-1)

    def test_sums_are_of_decimal_integers_of_64_bits(self):
        kv.set("n", 2**63 - 2)
        self.assertEqual(kv.add("n"), 2**63 - 1)
        for key, delta in (("n", 1), ("m", 2**63), ("m", -(2**63) - 1)):
            self.assertRaises(kv.NotANumber, kv.add, key, delta)
        for text in ("one", "", "1.5", " 1", "-", str(2**63)):
            kv.set("a", text)
            self.assertRaises(kv.NotANumber, kv.add, "a")
        kv.set("a", "+5")
        self.assertEqual(kv.add("a", -7), -2)

    def test_who_is_second_finds_what_the_first_one_wrote(self):
        first, second = kv.compare_and_swap("lock", None, "mine"), kv.compare_and_swap("lock", None, "yours")
        self.assertEqual((bool(first), first.version, bool(second), second.entry.text), (True, 1, False, "mine"))
        self.assertTrue(kv.compare_and_swap("lock", second.entry.version, "yours"))

        def change(there):
            if there is None:
                kv.set("tags", ["b"])
            return [*(there.json() if there else []), "a"]

        self.assertEqual(kv.update("tags", change), ["b", "a"])

    def test_lists_are_in_the_order_of_keys_bytes_in_pages(self):
        for key in ("u/\U0001f600", "u/\uffee", "u/a", "v"):
            kv.set(key, "")
        self.assertEqual([entry.key for entry in kv.entries("u/")], ["u/a", "u/\uffee", "u/\U0001f600"])
        for number in range(250):
            kv.set(f"n/{number}", number)
        self.assertEqual(len(list(kv.entries("n/"))), 250)
        self.assertRaises(kv.Limit, kv.list, limit=0)

    def test_what_cannot_be_done_now_asks_for_another_attempt(self):
        self.assertIsInstance(kv.Unavailable("the disk is full"), Retry)
        self.assertIsNone(kv.Unavailable("the disk is full").after_ms)


class Asking(Case):
    def setUp(self):
        super().setUp()
        self.sent = []

    def answer(self, *answers):
        answers = list(answers)
        fake.answer_requests(lambda request: self.sent.append(request) or answers.pop(0))

    def test_a_request_is_sent_as_it_is_written(self):
        self.answer(*[http.Response() for _ in range(4)])
        http.get("HTTPS://exämple.com/ä b?q=1#part", params=[("a", "1"), ("a", "ü")], headers={"X-N": 1}, timeout=timedelta(seconds=2))
        expected = http.Request("GET", "https://xn--exmple-cua.com/%C3%A4%20b?q=1&a=1&a=%C3%BC", [("X-N", "1")], None, 2.0)
        self.assertEqual(self.sent[0], expected)
        http.post("http://h", json={"a": None}, auth=("ada", "ü"))
        self.assertEqual(self.sent[1].url, "http://h/")
        self.assertEqual(self.sent[1].headers, [("Content-Type", "application/json"), ("Authorization", "Basic YWRhOsO8")])
        http.put("http://h", data="ü", headers={"content-type": "a/b"})
        self.assertEqual((self.sent[2].content, self.sent[2].headers), ("ü".encode(), [("content-type", "a/b")]))
        http.patch("http://h", data=[("a", "1"), ("a", "2")])
        self.assertEqual((self.sent[3].content, self.sent[3].headers[0][1]), (b"a=1&a=2", "application/x-www-form-urlencoded"))
        self.assertRaises(ValueError, http.post, "http://h", data="a", json=1)
        for url in ("/relative", "ftp://h/", "http://", "http://u:p@h/"):
            self.assertRaises(http.Failed, http.get, url)

    def test_an_answer_is_read_in_every_way(self):
        answer = http.Response(201, "grün".encode("latin-1"), [("content-type", 'text/plain; Charset="ISO-8859-1"'), ("a", "1"), ("A", "2")])
        self.assertEqual((answer.text, answer.headers["Content-type"][:10], answer.headers.a, answer.reason), ("grün", "text/plain", "1, 2", "Created"))
        self.assertEqual(answer.headers_all[1:], [("a", "1"), ("A", "2")])
        self.assertEqual(http.Response(200, b"\xff").text, "\ufffd")
        self.assertEqual(http.Response(200, '{"id": 9007199254740993}').json().id, 2**53 + 1)
        self.assertRaises(ValueError, http.Response(200, "no").json)
        with self.assertRaises(http.HTTPError) as raised:
            http.Response(599, url="http://h/").raise_for_status()
        self.assertEqual((str(raised.exception), raised.exception.response.status_code), ("599 for http://h/", 599))

    def test_without_an_answer_it_is_denied(self):
        self.assertRaises(http.Denied, http.get, "https://example.com/")
        self.assertTrue(issubclass(http.Timeout, TimeoutError) and issubclass(http.Denied, OSError))

    def test_urllib_asks_the_same_way(self):
        kept = urllib.request.AbstractHTTPHandler.do_open
        with mock.patch.object(urllib.request.AbstractHTTPHandler, "do_open", kept):
            _urllib.install()
            away = http.Response(302, "", {"Location": "http://h/there"})
            self.answer(away, http.Response(200, {"a": 1}, {"Content-Type": "application/json"}), http.Response(404, "no"))
            with urllib.request.urlopen(urllib.request.Request("http://h/a", headers={"X-A": "1"}), timeout=3) as answer:
                self.assertEqual((answer.status, answer.headers["content-type"], json.load(answer), answer.url), (200, "application/json", {"a": 1}, "http://h/there"))
            self.assertEqual([(request.method, request.url, request.timeout) for request in self.sent], [("GET", "http://h/a", 3), ("GET", "http://h/there", 3)])
            self.assertIn(("X-a", "1"), self.sent[1].headers)
            self.assertNotIn("host", [name.lower() for name, _ in self.sent[1].headers])
            with self.assertRaises(urllib.error.HTTPError) as raised:
                urllib.request.urlopen("http://h/", data=io.BytesIO(b"abc"))
            self.assertEqual((raised.exception.code, raised.exception.read(), self.sent[2].content), (404, b"no", b"abc"))
            fake.reset()
            with self.assertRaises(urllib.error.URLError) as raised:
                urllib.request.urlopen("http://h/")
            self.assertIsInstance(raised.exception.reason, http.Denied)


class Streaming(Case):
    def test_what_is_given_so_far_is_sent(self):
        seen = []

        def handler(event):
            http_outcome(201, "a", headers={"X-A": 1}, more=True)
            seen.append(fake.chunks())
            http_outcome(500, more=True)
            http_outcome(json=[1])
            self.assertRaises(RuntimeError, http_outcome)
            return "ignored"

        answer = fake.call(handler, fake.event())
        self.assertEqual(answer, Response(201, [("Content-Type", "text/plain; charset=utf-8"), ("X-A", "1")], b"a[1]"))
        self.assertEqual((seen, fake.chunks()), ([[b"a"]], [b"a", b"[1]"]))

    def test_where_nobody_waits_the_session_keeps_the_status(self):
        def handler(event):
            with mock.patch.object(reply, "start", side_effect=reply.NoSender):
                http_outcome(201, "a", more=True)
            http_outcome(body="b")

        self.assertEqual((fake.call(handler, fake.event()).body, fake.chunks()), (b"ab", []))

    def test_a_response_is_sent_once(self):
        def twice(event):
            reply.start().write("a")
            return "b"

        self.assertRaisesRegex(TypeError, "return None", fake.call, twice, fake.event())
        self.assertRaises(reply.Invalid, fake.call, lambda event: [reply.start(), reply.start()], fake.event())


if __name__ == "__main__":
    unittest.main()
