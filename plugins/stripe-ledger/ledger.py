"""A ledger of what Stripe says was paid and refunded, in which every event of Stripe's stands once."""

import hashlib
import hmac

from tenterhook import Event, Reject, Response, kv, log, vars

#: How a kind of event changes the balance.
SIGNS = {"charge.succeeded": 1, "refund.created": -1}

#: How old a signature may be, in seconds: what Stripe recommends.
TOLERANCE = 300


def on_stripe_event(event: Event) -> None:
    """Writes an event down, unless that was done: Stripe sends it again until it gets an answer, perhaps twice at once."""
    check_signature(event)
    told = event.data.body.json
    if not told or not isinstance(told.get("id"), str):
        raise Reject("an event of Stripe's is a JSON object with an id")
    sign = SIGNS.get(told.get("type"))
    if sign is None:
        log.info("not a payment", stripe_event=told.id, type=told.get("type"))
        return
    paid = told.data.object
    entry = {"type": told.type, "amount": sign * paid.amount, "currency": paid.currency, "object": paid.id, "at": told.created}
    # Nothing may be there yet. Whoever is second, now or in a year, finds the first one's entry and leaves it.
    if kv.compare_and_swap(f"entry:{told.id}", None, entry):
        log.info("recorded", stripe_event=told.id, amount=entry["amount"], currency=entry["currency"])
    else:
        log.info("was recorded before", stripe_event=told.id)


def on_ledger(event: Event) -> Response:
    """Answers what was written down: the number of entries, and the balance in each currency's smallest unit."""
    # The balance is the sum of the entries, and no number of its own: a session that a crash cuts off leaves no half of a change.
    count, balance = 0, {}
    for entry in kv.entries("entry:"):
        line = entry.json()
        count += 1
        balance[line.currency] = balance.get(line.currency, 0) + line.amount
    return Response.json({"entries": count, "balance": balance})


def check_signature(event: Event) -> None:
    """Rejects what Stripe did not sign: https://docs.stripe.com/webhooks#verify-manually"""
    secret = vars.get("STRIPE_WEBHOOK_SECRET", "")
    if not secret:
        raise Reject("STRIPE_WEBHOOK_SECRET is not set, and without it anybody could sign")
    parts = [part.partition("=") for part in event.data.headers.get("Stripe-Signature", "").split(",")]
    times = [value for name, _, value in parts if name == "t"]
    signed = f"{times[0] if times else ''}.".encode() + (event.data.body.bytes or b"")
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not any(name == "v1" and hmac.compare_digest(value, expected) for name, _, value in parts):
        raise Reject("the signature is not Stripe's: see STRIPE_WEBHOOK_SECRET")
    # An operator may dispatch an event again long after.
    if event.redispatched_from is None and abs(event.created_at.timestamp() - int(times[0])) > TOLERANCE:
        raise Reject(f"the signature is more than {TOLERANCE} seconds old")
