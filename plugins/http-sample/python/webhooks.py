"""Webhooks that print what they receive to their session's log."""


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
