// Sends requests by `wasi:http`. It is imported in a sandbox only.

import * as hostHandler from "wasi:http/outgoing-handler@0.2.0";
import * as hostTypes from "wasi:http/types@0.2.0";

import { FetchError } from "./errors.js";
import { drop, ready } from "./loop.js";
import { decodeUtf8, encodeUtf8 } from "./text.js";

const types = hostTypes.default ?? hostTypes;
const { handle } = hostHandler.default ?? hostHandler;

/** So many bytes one call may write: what WASI's streams allow. */
const WRITTEN = 4096;
const READ = 65536;

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

const ERRORS = {
  "HTTP-request-denied": ["denied", "the request may not go there: the session's record says why"],
  "destination-IP-prohibited": ["denied", "the request may not go there: the session's record says why"],
  "DNS-timeout": ["timeout", "resolving the name took too long"],
  "connection-timeout": ["timeout", "connecting took too long"],
  "connection-read-timeout": ["timeout", "a piece of the answer took too long"],
  "connection-write-timeout": ["timeout", "a piece of the request took too long"],
  "HTTP-response-timeout": ["timeout", "the answer took too long"],
  "connection-limit-reached": ["limit", "there are more requests than there may be"],
  "HTTP-request-body-size": ["limit", "there are more bytes of the request's body than there may be"],
  "HTTP-response-body-size": ["limit", "there are more bytes of the answer's body than there may be"],
  "DNS-error": ["failed", "the name leads nowhere"],
  "connection-refused": ["failed", "the connection was refused"],
  "TLS-certificate-error": ["failed", "the certificate is not trusted"],
  "TLS-protocol-error": ["failed", "TLS failed"],
};

/** Sends a request: `{ method, url, headers, body, timeoutMs }`. Gives `{ status, headers, body }`. */
export async function send(request) {
  const outgoing = prepared(request);
  const body = request.body === null ? null : outgoing.body();
  let future;
  try {
    future = handle(outgoing, options(request.timeoutMs));
  } catch (error) {
    throw failure(error.payload);
  }
  if (body !== null) write(body, request.body);
  await ready(future.subscribe());
  const got = future.get();
  drop(future);
  if (got?.tag !== "ok") throw new FetchError("failed", "there is no answer");
  if (got.val.tag === "err") throw failure(got.val.val);
  return received(got.val.val);
}

function prepared({ method, url, headers, body }) {
  const fields = new types.Fields();
  const all = body === null ? headers : [...headers, ["Content-Length", String(body.length)]];
  for (const [name, value] of all) {
    try {
      fields.append(name, encodeUtf8(value));
    } catch (error) {
      throw new FetchError("failed", `the header ${name} cannot be sent: ${error.payload?.tag ?? error}`);
    }
  }
  const [, scheme, authority, path] = /^(https?):\/\/([^/?#]+)([^#]*)/i.exec(url);
  const outgoing = new types.OutgoingRequest(fields);
  try {
    outgoing.setMethod(METHODS.includes(method) ? { tag: method.toLowerCase() } : { tag: "other", val: method });
    outgoing.setScheme({ tag: scheme.toUpperCase() });
    outgoing.setAuthority(authority);
    outgoing.setPathWithQuery(path.startsWith("/") ? path : `/${path}`);
  } catch {
    throw new FetchError("failed", `\`${method} ${url}\` is not a request that could be sent`);
  }
  return outgoing;
}

function options(timeoutMs) {
  if (timeoutMs === undefined) return null;
  const options = new types.RequestOptions();
  for (const limit of ["setConnectTimeout", "setFirstByteTimeout", "setBetweenBytesTimeout"]) {
    try {
      options[limit](Math.round(timeoutMs * 1e6));
    } catch {
      // A host that has no such limit says so, and has its own.
    }
  }
  return options;
}

/** Why it stops early is told with the response. */
function write(body, bytes) {
  try {
    const stream = body.write();
    for (let at = 0; at < bytes.length; at += WRITTEN) stream.blockingWriteAndFlush(bytes.subarray(at, at + WRITTEN));
    drop(stream);
    types.OutgoingBody.finish(body, null);
  } catch (error) {
    if (!("payload" in error)) throw error;
  }
}

async function received(answer) {
  const fields = answer.headers();
  const headers = fields.entries().map(([name, value]) => [name, decodeUtf8(value)]);
  drop(fields);
  const incoming = answer.consume();
  const stream = incoming.stream();
  const body = await read(stream);
  drop(stream);
  drop(incoming);
  const status = answer.status();
  drop(answer);
  return { status, headers, body };
}

async function read(stream) {
  const pieces = [];
  let size = 0;
  for (;;) {
    let piece;
    try {
      piece = stream.read(READ);
    } catch (error) {
      if (error.payload?.tag === "closed") return joined(pieces, size);
      throw failed(error.payload?.val);
    }
    if (piece.length === 0) await ready(stream.subscribe());
    pieces.push(piece);
    size += piece.length;
  }
}

function joined(pieces, size) {
  const body = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return body;
}

function failed(cause) {
  const code = cause && types.httpErrorCode(cause);
  return code ? failure(code) : new FetchError("failed", cause?.toDebugString() ?? "the answer ended early");
}

function failure(code) {
  const [kind, text] = ERRORS[code?.tag] ?? ["failed", `the request failed: ${code?.tag}`];
  return new FetchError(kind, (code?.tag === "internal-error" && code.val) || text);
}
