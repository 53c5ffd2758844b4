import json
import time
import urllib.request

from tenterhook import Response, http, http_outcome, kv, reply


def keep(event):
    """Steps whose results are written alike in every language."""
    said = []

    def step(name, act):
        try:
            said.append(f"{name}: {shown(act())}")
        except kv.Error as error:
            code = {kv.Limit: "limit", kv.NotANumber: "not-a-number"}[type(error)]
            said.append(f"{name}: {code}: {error}")

    step("get", lambda: kv.get("a"))
    step("set", lambda: kv.set("a", "one"))
    step("get", lambda: entry(kv.get("a")))
    step("json", lambda: kv.set("j", {"n": 1}) and kv.get("j").text)
    step("add", lambda: kv.add("n", 5))
    step("add", lambda: kv.add("n", -2))
    step("add to text", lambda: kv.add("a"))
    kv.set("big", 2**63 - 1)
    step("add beyond", lambda: kv.add("big"))
    step("empty key", lambda: kv.get(""))
    step("no time", lambda: kv.set("t", "x", ttl=0) and kv.get("t"))
    swapped = kv.compare_and_swap("a", None, "two")
    step("swap", lambda: "done" if swapped else f"conflict with {entry(swapped.entry)}")
    step("swap", lambda: "done" if kv.compare_and_swap("a", swapped.entry, "two") else "conflict")
    kv.update("l", lambda there: [1])
    step("update", lambda: json.dumps(kv.update("l", lambda there: there.json() + [2]), separators=(",", ":")))
    kv.delete("a")
    kv.delete("j")
    kv.set("c", b"\xff\x00")
    for number in range(3):
        kv.set(f"u/{number}", number)
    step("entries", lambda: keys(kv.entries()))
    step("below u/", lambda: keys(kv.entries("u/")))
    page = kv.list("u/", limit=2)
    step("page", lambda: f"{keys(page.entries)}, then {page.next}")
    step("after", lambda: keys(kv.list("u/", after=page.next).entries))
    step("delete", lambda: kv.delete("c") and kv.get("c") is None)
    step("delete", lambda: kv.delete("c"))
    return said


def shown(value):
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else value


def entry(there):
    return f"{there.text} at {there.version}"


def keys(entries):
    return " ".join(entry.key for entry in entries)


def refused(event):
    try:
        kv.get("a")
    except kv.NotGranted as error:
        return Response.json(f"not-granted: {error}")


def ask(event):
    wish = event.data.body.json
    timeout = wish.get("timeout")
    try:
        answer = http.request(
            wish.get("method", "GET"),
            wish.url,
            headers=wish.get("headers"),
            data=wish.get("text"),
            json=wish.get("json"),
            timeout=timeout and timeout / 1000,
        )
    except http.Error as error:
        return {"error": f"{type(error).__name__.lower()}: {error}"}
    return {"status": answer.status_code, "ok": answer.ok, "type": answer.headers["Content-Type"], "text": answer.text}


def stream(event):
    http_outcome(201, "first\n", headers={"X-Streamed": "yes"}, more=True)
    while event.data.url.query and kv.get("go") is None:
        time.sleep(0.02)
    http_outcome(body="last\n")


def go(event):
    kv.set("go", "1")
    return "gone"


def fail(event):
    wish = event.data.body.json
    if wish.get("how") == "reply":
        reply.start(200).write("a part")
    answer = http.get(wish.url)
    return len(answer.nothing)


def follow(event):
    request = urllib.request.Request(event.data.body.json.url, headers={"X-A": "1"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return [answer.status, answer.headers["content-type"], answer.read().decode()]
