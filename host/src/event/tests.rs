//! What follows from a request, field by field. More is in the raw-socket tests, which read it from a real server.
