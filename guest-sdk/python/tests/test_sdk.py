"""The SDK as handlers' authors use it: on this machine, with fake events."""

import copy
import doctest
import json
import logging
import os
import pickle
import unittest
from datetime import datetime, timezone

import tenterhook
from tenterhook import AttrDict, Headers, Reject, Response, Retry, fake, http_outcome, log, vars

BODY = (
    '{"id": 9007199254740993, "big": 18446744073709551615, "ratio": 0.5, "done": false, "note": null, '
    '"items": [{"sku": "a/b"}, {"sku": "c~d"}], "keys": 1, "get": 2, "a/b~c": {"": "deep"}}'
)


def order():
    return fake.event(
        "POST",
        "/webhooks/orders/new%20ones?page=2&page=3&q=a+b",
        [("content-type", "application/json"), ("x-tag", "one"), ("X-Tag", "two"), ("cookie", "a=1"), ("Cookie", "b=2")],
        body=BODY,
    )


class Reading(unittest.TestCase):
    def test_the_three_ways_agree_at_every_depth(self):
        event = order()
        data = event.data
        for method in (data.method, data["method"], data.get("method"), event.get("method")):
            self.assertEqual(method, "POST")
        paths = (data.url.path, data["url"]["path"], data.get("url").get("path", "/"), event.get("/url/path"), data.url["path"])
        self.assertEqual(set(paths), {"/webhooks/orders/new ones"})
        self.assertEqual(data.url.query.page, "2, 3")
        self.assertEqual(data.body.json["a/b~c"][""], event.get("/body/json/a~1b~0c/"))
        self.assertEqual(data["body"]["json"]["items"][1].sku, "c~d")

    def test_missing_and_none_are_python_s_own(self):
        data = order().data
        self.assertIsNone(data.get("nope"))
        self.assertEqual(data.get("nope", 7), 7)
        self.assertIsNone(data.body.json.get("note", "default"))
        self.assertIsNone(data.body.form)
        self.assertIsNone(data.get("body").get("form", "default"))
        for missing in (lambda: data["nope"], lambda: data.body.json["nope"], lambda: data.headers["X-Nope"]):
            self.assertRaises(KeyError, missing)
        for missing in (lambda: data.nope, lambda: data.url.nope, lambda: data.body.json.nope):
            self.assertRaises(AttributeError, missing)
        self.assertFalse(hasattr(data.url, "nope"))
        self.assertRaises(TypeError, lambda: data.body.form["a"])

    def test_keys_that_are_methods_are_read_by_key(self):
        read = order().data.body.json
        self.assertEqual((read["items"][0]["sku"], read["keys"], read["get"]), ("a/b", 1, 2))
        self.assertEqual(list(read.keys())[:2], ["id", "big"])

    def test_values_are_python_s_own_and_exact(self):
        read = order().data.body.json
        self.assertEqual((read.id, read.big, read.ratio, read.done), (2**53 + 1, 2**64 - 1, 0.5, False))
        self.assertEqual(json.loads(json.dumps(read)), json.loads(BODY))
        self.assertEqual(order().data.body.bytes, BODY.encode())
        self.assertIsInstance(read, dict)

    def test_headers_are_found_in_any_case(self):
        event = order()
        headers = event.data.headers
        self.assertEqual(headers["CONTENT-type"], "application/json")
        self.assertEqual((headers.get("x-TAG"), headers.Cookie), ("one, two", "a=1; b=2"))
        self.assertTrue("content-length" in headers and headers["Content-Length"] == len(BODY))
        self.assertEqual(list(headers), ["Content-Type", "X-Tag", "Cookie", "Content-Length"])
        self.assertEqual((event.get("/headers/x-tag"), event.get("/headers_all/1/1")), ("one, two", "one"))
        self.assertRaises(KeyError, lambda: Headers(a=1)["b"])

    def test_a_field_is_read_once_and_when_it_is_looked_at(self):
        read = []

        class Source:
            def get(self, pointer, default):
                read.append(pointer)
                return "GET"

        data = tenterhook.Event(Source()).data
        self.assertEqual(len(data), 8)
        self.assertIn("method", data)
        self.assertEqual(read, [])
        self.assertEqual(data.method + data["method"] + data.get("method"), "GETGETGET")
        self.assertEqual(read, ["/method"])

    def test_it_is_a_dictionary_however_it_is_used(self):
        data = order().data
        plain = {key: value for key, value in data.items()}
        for same in (dict(data), {**data}, data.copy(), copy.copy(data), copy.deepcopy(data), pickle.loads(pickle.dumps(data)), data):
            self.assertEqual(same, plain)
            self.assertEqual(list(same), list(plain))
        self.assertEqual(data | {"more": 1}, plain | {"more": 1})
        self.assertEqual(json.loads(json.dumps(order().data.url))["query"]["q"], "a b")
        self.assertEqual(repr(order().data.url.query), "{'page': '2, 3', 'q': 'a b'}")
        self.assertEqual(str(AttrDict(a=1)), "{'a': 1}")

    def test_a_body_has_each_of_its_forms_and_no_other(self):
        body = fake.event("PUT", form=[("a", "1"), ("b", "x y"), ("a", "2")]).data.body
        self.assertEqual((body.bytes, body.form, body.json), (b"a=1&b=x+y&a=2", {"a": "1, 2", "b": "x y"}, None))
        self.assertEqual(body.form_all, [["a", "1"], ["b", "x y"], ["a", "2"]])
        listed = fake.event(body="[1]").data.body
        self.assertEqual((listed.json, listed.json_value), (None, [1]))
        none = fake.event(body="").data.body
        self.assertEqual((none.bytes, none.text, none.json_value), (None, None, None))
        binary = fake.event(body=b"\xff\x00").data.body
        self.assertEqual((binary.bytes, binary.text), (b"\xff\x00", None))

    def test_an_event_says_who_it_is(self):
        at = datetime(2017, 7, 14, 2, 40, 0, 1, tzinfo=timezone.utc)
        event = fake.event("PATCH", id="evt_1", session="ses_2", attempt=3, created_at=at, trigger="t", redispatched_from="evt_0")
        self.assertEqual((event.id, event.session, event.session_id, event.attempt), ("evt_1", "ses_2", "ses_2", 3))
        self.assertEqual((event.kind, event.trigger, event.created_at, event.redispatched_from), ("patch", "t", at, "evt_0"))
        self.assertIsNone(fake.event().redispatched_from)


class Answering(unittest.TestCase):
    def outcome(self, *calls):
        def handler(event):
            for call in calls:
                http_outcome(**call)
            return "ignored"

        return fake.call(handler, fake.event())

    def test_http_outcome_is_autokitteh_s(self):
        text, as_json = ("Content-Type", "text/plain; charset=utf-8"), ("Content-Type", "application/json")
        cases = [
            ({}, Response(200, [], b"")),
            ({"status_code": 404}, Response(404, [], b"")),
            ({"body": "ü"}, Response(200, [text], "ü".encode())),
            ({"body": b"\x00"}, Response(200, [], b"\x00")),
            ({"body": {"a": 1}}, Response(200, [as_json], b'{"a":1}')),
            ({"json": [1, None]}, Response(200, [as_json], b"[1,null]")),
            ({"json": {"b": b"\xff"}}, Response(200, [as_json], b'{"b":"/w=="}')),
            ({"body": "<p>", "headers": {"content-type": "text/html"}}, Response(200, [("content-type", "text/html")], b"<p>")),
            ({"headers": [("Set-Cookie", "a"), ("Set-Cookie", "b")]}, Response(200, [("Set-Cookie", "a"), ("Set-Cookie", "b")])),
        ]
        for call, expected in cases:
            self.assertEqual(self.outcome(call), expected)

    def test_more_continues_the_body(self):
        answer = self.outcome({"status_code": 201, "body": "a", "more": True}, {"status_code": 500, "body": "b"})
        self.assertEqual((answer.status, answer.body), (201, b"ab"))
        self.assertRaises(RuntimeError, self.outcome, {}, {})
        self.assertRaises(ValueError, self.outcome, {"body": "a", "json": 1})

    def test_anything_sensible_is_an_answer(self):
        answered = lambda value: fake.call(lambda event: value, fake.event())  # noqa: E731
        self.assertIsNone(answered(None))
        self.assertEqual(answered("hi").body, b"hi")
        self.assertEqual(answered({"a": [True]}).body, b'{"a":[true]}')
        self.assertEqual((answered((404, "no")).status, answered((204, None))), (404, Response(204)))
        self.assertEqual(answered(Response.html("<p>", 201)).status, 201)
        self.assertRaisesRegex(TypeError, "and not int", answered, 42)

    def test_failures_say_whether_to_try_again(self):
        self.assertEqual((Retry("busy").after_ms, Retry("busy", after=1.5).after_ms), (None, 1500))
        self.assertRaises(ValueError, Retry, "busy", after=-1)

        def handler(event):
            raise Reject("never")

        self.assertRaisesRegex(Reject, "never", fake.call, handler, fake.event())


class Saying(unittest.TestCase):
    def test_logging_is_the_session_s_log(self):
        def handler(event):
            logging.getLogger("a.b").debug("not this")
            logging.getLogger("a.b").info("one %s", 1, extra={"k": 2})
            log.warn("two", stock=3, name="n")
            log.trace("three")
            logging.error("four")

        fake.call(handler, fake.event())
        self.assertEqual(fake.logs(), ["info one 1 k=2", "warn two stock=3 name=n", "trace three", "error four"])
        self.assertEqual(fake.logs(), [])

    def test_variables_are_the_environment(self):
        os.environ["TENTERHOOK_TEST"] = "1"
        self.assertEqual((vars.get("TENTERHOOK_TEST"), "TENTERHOOK_TEST" in vars.names()), ("1", True))
        self.assertEqual((vars.get("TENTERHOOK_NOPE"), vars.get("TENTERHOOK_NOPE", "x")), (None, "x"))

    def test_autokitteh_s_names_are_there(self):
        import autokitteh
        from autokitteh import Event, activity

        self.assertIs(autokitteh.http_outcome, http_outcome)
        self.assertIs(Event, tenterhook.Event)
        self.assertEqual(activity(len)("ab"), 2)
        self.assertRaisesRegex(AttributeError, "write a trigger", lambda: autokitteh.subscribe)


def load_tests(loader, tests, pattern):
    for name in ("_fields", "_time", "errors", "fake", "http", "kv", "log", "outcome", "reply", "response", "value", "vars"):
        tests.addTests(doctest.DocTestSuite(f"tenterhook.{name}"))
    return tests


if __name__ == "__main__":
    unittest.main()
