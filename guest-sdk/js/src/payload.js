// The payload that the host would make of a request.

import { parse } from "./json.js";
import { encodeBase64, encodeUtf8 } from "./text.js";
import { dict, get, set } from "./value.js";

/** More levels are no JSON to the host. */
const DEEPEST = 100;

/** The whole payload, with `body.bytes` in base64. */
export function payload(request) {
  const headers = canonical(request.headers);
  const trailers = canonical(request.trailers);
  return map({
    method: request.method,
    url: url(request.url),
    raw_url: request.url,
    headers: fields(headers),
    headers_all: headers,
    trailers: fields(trailers),
    trailers_all: trailers,
    body: body(request.body, fields(headers)),
  });
}

function map(object) {
  const result = dict();
  for (const [key, value] of Object.entries(object)) set(result, key, value);
  return result;
}

/** `x-github-event` as `X-Github-Event`, as the host writes it. */
function canonical(pairs) {
  const word = (part) => part.slice(0, 1).toUpperCase() + part.slice(1).toLowerCase();
  return pairs.map(([name, value]) => [name.split("-").map(word).join("-"), value]);
}

function split(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function url(target) {
  const [rest, rawFragment] = split(target, "#");
  const [rawPath, rawQuery] = split(rest, "?");
  const below = rawPath.startsWith("/webhooks/") ? rawPath.slice("/webhooks/".length) : "";
  const query = decodeForm(rawQuery);
  return map({
    path: decode(rawPath),
    query: joined(query),
    raw_query: rawQuery,
    fragment: decode(rawFragment),
    raw_fragment: rawFragment,
    raw_path: rawPath,
    path_suffix: decode(split(below, "/")[1]),
    query_all: query,
  });
}

function body(bytes, headers) {
  const text = bytes === null ? null : utf8(bytes);
  const value = text === null ? null : json(text);
  const type = split(String(get(headers, "Content-Type", "")), ";")[0].trim().toLowerCase();
  const isForm = bytes !== null && type === "application/x-www-form-urlencoded";
  const form = isForm ? decodeForm(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)) : null;
  return map({
    bytes: bytes === null ? null : encodeBase64(bytes),
    form: form === null ? null : joined(form),
    json: value !== null && typeof value === "object" && !Array.isArray(value) ? value : null,
    text,
    json_value: value,
    form_all: form,
  });
}

function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** As the host reads JSON: what is no number or no text is no JSON, and an integer that 64 bits do not hold is a double. */
function json(text) {
  try {
    JSON.parse(text);
    return checked(parse(text), 0);
  } catch {
    return null;
  }
}

function checked(value, depth) {
  if (typeof value === "bigint") return value >= -(2n ** 63n) && value < 2n ** 64n ? value : Number(value);
  if (typeof value === "string" && !value.isWellFormed()) throw new SyntaxError("a lone surrogate");
  if (typeof value === "number" && !Number.isFinite(value)) throw new SyntaxError("no number");
  if (value === null || typeof value !== "object") return value;
  if (depth === DEEPEST) throw new SyntaxError("too deep");
  for (const key of Object.keys(value)) {
    checked(key, 0);
    value[key] = checked(value[key], depth + 1);
  }
  return value;
}

/** Percent-decoded; what is no UTF-8 becomes the replacement character. */
function decode(text) {
  const bytes = [];
  const raw = encodeUtf8(text);
  for (let at = 0; at < raw.length; at += 1) {
    const pair = String.fromCharCode(raw[at + 1], raw[at + 2]);
    if (raw[at] === 0x25 && /^[0-9a-fA-F]{2}$/.test(pair)) {
      bytes.push(Number.parseInt(pair, 16));
      at += 2;
    } else bytes.push(raw[at]);
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

/** As the WHATWG's URL standard decodes a form. `URLSearchParams` drops a leading `?`, which is part of a form. */
function decodeForm(text) {
  const parts = text.split("&").filter((part) => part !== "");
  return parts.map((part) => split(part, "=").map((word) => decode(word.replaceAll("+", " "))));
}

/** Each name once, at its first place, with its values joined. */
function joined(pairs, between = () => ", ") {
  const result = dict();
  for (const [name, value] of pairs) {
    const before = get(result, name);
    set(result, name, before === undefined ? value : before + between(name) + value);
  }
  return result;
}

function fields(pairs) {
  const result = joined(pairs, (name) => (name === "Cookie" ? "; " : ", "));
  const length = get(result, "Content-Length", "");
  if (/^[0-9]+$/.test(length) && BigInt(length) < 2n ** 64n) {
    set(result, "Content-Length", Number.isSafeInteger(Number(length)) ? Number(length) : BigInt(length));
  }
  return result;
}
