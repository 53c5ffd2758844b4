"""Webhooks that print what they receive to their session's log, and one that sends requests of its own."""

import os

from tenterhook import http


def on_http_get_or_head(event):
    """GET and HEAD requests: their query parameters."""
    _print_request_details(event.data)

    _print_sorted("Query parameters:", event.data.url.query)


def on_http_post_form(event):
    """Submissions of a URL-encoded form in a POST request."""
    _print_request_details(event.data)
    print(f"Body: {event.data.body.bytes}")

    _print_sorted("Form parameters:", event.data.body.form)


def on_http_post_json(event):
    """POST requests with a JSON body."""
    _print_request_details(event.data)
    print(f"Body: {event.data.body.bytes}")
    print(f"JSON: {event.data.body.json}")


def _print_request_details(data):
    print(f"Triggered by an HTTP {data.method} request")
    print("Full URL:", data.raw_url)
    print("URL path:", data.url.path)

    _print_sorted("Headers:", data.headers)


def _print_sorted(title, fields):
    print(title)
    if not fields:
        print("  none")
    for key in sorted(fields):
        print(f"  {key} = {fields[key]}")


def send_requests(_event):
    """Sends requests, with and without credentials, to a server that says what it was sent."""
    base = os.environ["HTTPBIN_BASE_URL"].rstrip("/")
    _print_answer("GET", f"{base}/get?key1=value1&key2=value2")
    _print_answer("GET", f"{base}/status/404")
    _print_answer("POST", f"{base}/post", data={"foo": "bar"})
    _print_answer("POST", f"{base}/post", json={"foo": "bar"})
    _print_answer("GET", f"{base}/basic-auth/user/pass", auth=("user", "pass"))
    _print_answer("GET", f"{base}/basic-auth/user/pass", auth=("who", "what"))
    # The host puts the value in the place of what the handler reads.
    _print_answer("GET", f"{base}/bearer", headers={"Authorization": "Bearer " + os.environ["HTTPBIN_TOKEN"]})


def _print_answer(method, url, **options):
    print(method, url)
    answer = http.request(method, url, **options)
    print(f"Status: {answer.status_code}, {answer.headers.get('Content-Type', 'without a body')}")
    print(answer.text)
