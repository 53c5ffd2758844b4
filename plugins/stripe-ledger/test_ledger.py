"""Tests of the handlers, which need no server: python3 -m unittest"""

import hashlib
import hmac
import os
import unittest
from datetime import datetime, timezone

from tenterhook import Reject, fake, kv

from ledger import on_ledger, on_stripe_event

SECRET = "whsec_of_the_test"
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def stripe(id="evt_1", type="charge.succeeded", amount=1200, currency="eur", secret=SECRET, age=0):
    """A delivery of Stripe's, as it signs them."""
    told = {"id": id, "type": type, "created": 1767225600, "data": {"object": {"id": "ch_1", "amount": amount, "currency": currency}}}
    unsigned = fake.event("POST", "/webhooks/stripe", json=told)
    time = int(NOW.timestamp()) - age
    signature = hmac.new(secret.encode(), f"{time}.".encode() + unsigned.data.body.bytes, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={time},v1=0123,v1={signature}"}
    return fake.event("POST", "/webhooks/stripe", headers, json=told, created_at=NOW)


def ledger():
    return fake.call(on_ledger, fake.event(url="/webhooks/ledger")).body


class Ledger(unittest.TestCase):
    def setUp(self):
        fake.reset()
        os.environ["STRIPE_WEBHOOK_SECRET"] = SECRET

    def test_payments_and_refunds_add_up(self):
        for event in (stripe("evt_1"), stripe("evt_2", "refund.created", 200), stripe("evt_3", currency="usd", amount=5)):
            fake.call(on_stripe_event, event)
        self.assertEqual(ledger(), b'{"entries":3,"balance":{"eur":1000,"usd":5}}')

    def test_an_event_is_written_once(self):
        for _ in range(3):
            fake.call(on_stripe_event, stripe())
        self.assertEqual(ledger(), b'{"entries":1,"balance":{"eur":1200}}')
        self.assertEqual(fake.logs()[1:], ["info was recorded before stripe_event=evt_1"] * 2)
        self.assertEqual(kv.get("entry:evt_1").version, 1)

    def test_others_are_left_alone(self):
        fake.call(on_stripe_event, stripe(type="customer.created"))
        self.assertEqual(ledger(), b'{"entries":0,"balance":{}}')

    def test_what_stripe_did_not_sign_is_rejected(self):
        self.assertRaisesRegex(Reject, "not Stripe's", fake.call, on_stripe_event, stripe(secret="another"))
        self.assertRaisesRegex(Reject, "not Stripe's", fake.call, on_stripe_event, fake.event("POST", json={"id": "evt_1"}))
        self.assertRaisesRegex(Reject, "300 seconds old", fake.call, on_stripe_event, stripe(age=301))


if __name__ == "__main__":
    unittest.main()
