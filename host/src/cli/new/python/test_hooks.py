"""Tests of the handlers, which need no server: PYTHONPATH=sdk/src python3 -m unittest"""

import unittest

import hooks
from tenterhook import Reject, fake


class Hooks(unittest.TestCase):
    def test_hello(self):
        answer = fake.call(hooks.on_hello, fake.event(url="/webhooks/hello?name=Ada"))
        self.assertEqual((answer.status, answer.body), (200, b"Hello, Ada!\n"))

    def test_order(self):
        fake.call(hooks.on_order, fake.event("POST", "/webhooks/orders", json={"id": 7}))
        self.assertEqual(fake.logs(), ["info ordered id=7 attempt=1"])

    def test_an_order_without_an_id_is_rejected(self):
        with self.assertRaises(Reject):
            fake.call(hooks.on_order, fake.event("POST", "/webhooks/orders", json={}))


if __name__ == "__main__":
    unittest.main()
