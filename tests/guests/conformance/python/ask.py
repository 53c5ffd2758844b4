"""What handlers keep, send and stream, in Python: see the README above."""

import json

from tenterhook import http, http_outcome, kv, log, reply, vars

#: The errors as the contract calls them.
CASES = {
    kv.NotGranted: "not-granted",
    kv.Limit: "limit",
    kv.NotANumber: "not-a-number",
    kv.Unavailable: "unavailable",
    http.Denied: "denied",
    http.Timeout: "timeout",
    http.Limit: "limit",
    http.Failed: "failed",
    reply.NoSender: "no-sender",
    reply.Closed: "closed",
    reply.Invalid: "invalid",
    reply.Limit: "limit",
}


def on_ask(event):
    """Does what the request says."""
    wish = event.data.body.json
    try:
        says = globals()[wish["do"] + "_"](wish)
        if wish["do"] == "reply":
            return
    except tuple(CASES) as error:
        says = refusal(error)
    text = json.dumps(says, ensure_ascii=False, separators=(",", ":"))
    log.info(text)
    http_outcome(status_code=200, body=text, headers={"Content-Type": "application/json"})


def refusal(error):
    return {"error": next(name for kind, name in CASES.items() if isinstance(error, kind)), "text": str(error)}


def text_of(entry):
    return None if entry is None else entry.text


def ttl(wish):
    return None if wish.get("ttl_ms") is None else wish["ttl_ms"] / 1000


def get_(wish):
    return text_of(kv.get(wish["key"]))


def set_(wish):
    kv.set(wish["key"], wish["value"] if "value" in wish else bytes(wish["size"]), ttl(wish))
    return "set"


def add_(wish):
    return kv.add(wish["key"], wish["delta"], ttl(wish))


def delete_(wish):
    return kv.delete(wish["key"])


def swap_(wish):
    expected = {"none": None, "there": kv.get(wish["key"]), "older": 1}[wish["expected"]]
    swapped = kv.compare_and_swap(wish["key"], expected, wish["value"], ttl(wish))
    return ["done", wish["value"]] if swapped else ["conflict", text_of(swapped.entry)]


def fill_(wish):
    for number in range(wish["count"]):
        kv.set(f"{wish['prefix']}{number:03}", "")
    return "filled"


def list_(wish):
    keys = [entry.key for entry in kv.entries(wish["prefix"])]
    return [len(keys), keys[0] if keys else None, keys[-1] if keys else None]


def page_(wish):
    page = kv.list(wish["prefix"], wish.get("after"), wish["limit"])
    return [[entry.key for entry in page.entries], page.next]


def send_(wish):
    headers = [(name, value.replace("{TOKEN}", vars.get("TOKEN", ""))) for name, value in wish.get("headers", [])]
    body = b"-" * wish["size"] if "size" in wish else wish.get("body")
    timeout = wish["timeout_ms"] / 1000 if "timeout_ms" in wish else None
    answer = http.request(wish["method"], wish["url"], headers=headers, data=body, timeout=timeout)
    return [answer.status_code, answer.headers["x-echo"], len(answer.content) if "size" in wish else answer.text]


def reply_(wish):
    answer = reply.start(wish["status"], [tuple(header) for header in wish["headers"]])
    for chunk in wish["chunks"]:
        answer.write(chunk)
    if wish.get("again"):
        try:
            reply.start(wish["status"])
        except reply.Error as error:
            answer.write(json.dumps(refusal(error), separators=(",", ":")))
