/**
 * Write Tenterhook webhook handlers in JavaScript or TypeScript.
 *
 * A handler is an exported function that takes an event. What it returns is what the sender of a synchronous webhook receives:
 *
 * ```ts
 * import { type Event, Response } from "tenterhook";
 *
 * export function onHttpGet(event: Event) {
 *   const name = event.data.url.query.get("name", "world");
 *   return Response.text(`hello ${name}\n`);
 * }
 * ```
 *
 * `call: hello.ts:onHttpGet` in `tenterhook.yaml` names it, and `tenterhook build` makes the component.
 *
 * `console.log` and its siblings write to the session's log. A handler may be `async`; `fetch`, `setTimeout` and promises are the language's and
 * the web's. What is begun and not awaited is done too, before the session ends.
 * @module
 */

/**
 * A map of the payload: `map.key`, `map["key"]` and `map.get("key", fallback)` are the same.
 *
 * A key that is missing is `undefined`, or the fallback of `get`; a `null` that is there is `null`. Of a map that has a key called
 * `get` the field is read; the function {@link get} does what the method does then.
 */
export type Dict<T> = { [key: string]: T } & {
  /** The field, or `fallback` when it is missing. */
  get<F = undefined>(key: string, fallback?: F): T | F;
  /** Whether the field is there; `null` is. */
  has(key: string): boolean;
};

/** What {@link Data}, {@link Url} and {@link Body} have besides their fields. */
export interface Fields<R> {
  /** The field, or `fallback` when it is missing. */
  get<K extends keyof R>(key: K): R[K];
  get<F = undefined>(key: string, fallback?: F): unknown | F;
  /** Whether the field is there; `null` is. */
  has(key: string): boolean;
}

/** What a request says. Each field is read from the host when it is first looked at. */
export interface Data extends Fields<Data> {
  /** The HTTP method as sent, upper case: `GET`. */
  method: string;
  url: Url;
  /** The request target in origin form: `/webhooks/slug?key1=value1`. */
  raw_url: string;
  /** By their names in canonical form, found in any case. Texts, except that `Content-Length` is a number. */
  headers: Dict<string | number>;
  /** As received: `[name, value]`. */
  headers_all: [string, string][];
  /** The fields that followed the body, as `headers`. */
  trailers: Dict<string | number>;
  trailers_all: [string, string][];
  body: Body;
}

/** A request's URL, in parts. */
export interface Url extends Fields<Url> {
  /** Percent-decoded: `/webhooks/slug/a b`. */
  path: string;
  /** As it was sent: `/webhooks/slug/a%20b`. */
  raw_path: string;
  /** What follows `/webhooks/{slug}/`, decoded; empty when nothing does. */
  path_suffix: string;
  /** Decoded; a repeated key's values are joined with `", "`. */
  query: Dict<string>;
  /** As received: `[key, value]`. */
  query_all: [string, string][];
  /** The text after the first `?`. */
  raw_query: string;
  fragment: string;
  raw_fragment: string;
}

/** A request's body, in each form that it has. */
export interface Body extends Fields<Body> {
  /** The exact bytes; null when there is no body. */
  bytes: Uint8Array | null;
  /** The bytes as a text, when they are valid UTF-8. */
  text: string | null;
  /** The fields of a URL-encoded form. */
  form: Dict<string> | null;
  form_all: [string, string][] | null;
  /** The JSON object that the whole body is, whatever `Content-Type` says. An integer beyond 2^53 is a `bigint`. */
  json: Dict<any> | null;
  /** The JSON value that the whole body is: lists, texts and numbers too. */
  json_value: any;
}

/** One received request: who it is, and in `data` what it says. */
export class Event {
  readonly data: Data;
  /**
   * One field in one step, by its name or a JSON Pointer: `event.get("/body/json/action", "none")`. No more than the field is copied
   * into the sandbox. The empty pointer is the whole payload, with `body.bytes` in base64.
   */
  get<F = undefined>(pointer: string, fallback?: F): any | F;
  /** `evt_…`, the same for every trigger that the event matched and for every attempt. */
  readonly id: string;
  /** The event type: the HTTP method in lower case. */
  readonly kind: string;
  /** `ses_…`: what to give to others as an idempotency key, since delivery is at least once. */
  readonly session: string;
  /** 1 at the first attempt. */
  readonly attempt: number;
  /** When the request was received, to the millisecond. */
  readonly createdAt: Date;
  /** When the request was received, in microseconds since the Unix epoch. */
  readonly createdAtMicros: number;
  /** The name of the trigger that selected this handler. */
  readonly trigger: string;
  /** `evt_…` of the event that this one copies, when somebody dispatched it again. */
  readonly redispatchedFrom: string | null;
}

export interface ResponseInit {
  /** 200 to 599; 200 unless given. */
  status?: number;
  /** As pairs, or as an object. */
  headers?: Iterable<readonly [string, string]> | Record<string, string>;
}

/** What the sender of a synchronous webhook receives. `Response.json({ ok: true }, { status: 201 })` */
export class Response {
  /** A text is `text/plain`; bytes have no type unless a header says one. */
  constructor(body?: string | Uint8Array | ArrayBuffer | null, init?: ResponseInit);
  static text(text: string, init?: ResponseInit): Response;
  static html(page: string, init?: ResponseInit): Response;
  /** Any value as `application/json`; `bigint`s are numbers in it, and bytes base64. */
  static json(value: unknown, init?: ResponseInit): Response;
  /** Adds one more header field. */
  header(name: string, value: string | number): this;
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

/**
 * What a handler may return, or a promise of it: nothing, a `Response`, what `fetch` gave, text, bytes, or an object or a list, which is
 * answered as JSON.
 */
export type Answer = void | null | undefined | Response | FetchResponse | string | Uint8Array | ArrayBuffer | object;

/** Throw it to be called again, since the cause may pass: `throw new Retry("the quota is used up", { afterMs: 60_000 })`. */
export class Retry extends Error {
  constructor(reason?: string, options?: { afterMs?: number });
  readonly afterMs: number | null;
}

/** Throw it when no attempt would succeed: `throw new Reject("the signature is wrong")`. */
export class Reject extends Error {
  constructor(reason?: string);
}

/** The field of a map, or `fallback` when it is missing. */
export function get<F = undefined>(map: unknown, key: string, fallback?: F): any | F;

/** A value as JSON without spaces: `bigint`s as numbers, bytes as base64. */
export function stringify(value: unknown): string;

/** The session's log: `log.warn("running out", { stock: 3 })`. `console.log` and its siblings write to it too. */
export namespace log {
  function trace(message: string, fields?: Record<string, unknown>): void;
  function debug(message: string, fields?: Record<string, unknown>): void;
  function info(message: string, fields?: Record<string, unknown>): void;
  function warn(message: string, fields?: Record<string, unknown>): void;
  function error(message: string, fields?: Record<string, unknown>): void;
}

/** The project's variables and secrets: `vars.get("BASE_URL", "http://localhost/")`. Read them in the handler: a module's own code runs
 * when the component is made, which knows no variables. */
export namespace vars {
  function get(name: string): string | undefined;
  function get(name: string, fallback: string): string;
  function names(): string[];
}

/**
 * What handlers keep between events: a small durable store, shared by all handlers of the project, whose manifest grants it with `kv: true`.
 *
 * ```ts
 * import { type Event, kv } from "tenterhook";
 *
 * export function onOrder(event: Event) {
 *   const number = kv.add("orders");
 *   kv.set(`order:${number}`, event.data.body.json, { ttlMs: 86_400_000 });
 *   return `order number ${number}`;
 * }
 * ```
 *
 * A value is text or bytes, kept as they are, or anything else, kept as its JSON. Sessions run at once and are run again, so a value that depends
 * on the one before is written with `add`, `update` or `compareAndSwap`, not with `get` and `set`. Calls simply return; to await them does no harm.
 */
export namespace kv {
  /** What is under a key; `undefined` when nothing is, or its time is over. `kv.get("greeting")?.text() ?? "hello"` */
  export function get(key: string): Entry | undefined;
  /** The text under a key, or `fallback`. `kv.getText("greeting", "hello")` */
  export function getText<F = undefined>(key: string, fallback?: F): string | F;
  /** What the JSON under a key says, or `fallback`. `kv.getJson("cart:7", { items: [] }).items` */
  export function getJson<F = undefined>(key: string, fallback?: F): any | F;
  /** Puts a value in the place of what is there, and gives its version. `kv.set("seen:evt_1", "", { ttlMs: 3_600_000 })` */
  export function set(key: string, value: Value, options?: Options): number;
  /** Removes what is there, and says whether anything was. `kv.delete("cart:7")` */
  function remove(key: string): boolean;
  export { remove as delete };
  /**
   * Adds to a decimal integer, of 0 when there is none, in one step, and gives the sum: `kv.add("visits")`. What is there keeps its time unless
   * `ttlMs` is given. A sum beyond 2^53 is a `bigint`, which was read after the addition.
   */
  export function add(key: string, delta?: number | bigint, options?: Options): number | bigint;
  /**
   * As `set`, if what is there is `expected`: an entry that was read, or its version; `undefined` expects that nothing is there.
   * `if (!kv.compareAndSwap("lock", undefined, "mine").done) return;`
   */
  export function compareAndSwap(key: string, expected: Entry | number | null | undefined, value: Value, options?: Options): Swapped;
  /**
   * Puts what `change` makes of what is there in its place, and gives it; `change` is called again when another session was faster.
   * `kv.update("tags", (there) => [...(there?.json() ?? []), "new"])`
   */
  export function update<V extends Value>(key: string, change: (there: Entry | undefined) => V, options?: Options): V;
  /**
   * A page of the entries whose keys begin with `prefix`, after the key `after`: at most `limit`, and no more than the host gives at once.
   * `kv.list("user:", { limit: 10 }).entries`
   */
  export function list(prefix?: string, options?: { after?: string; limit?: number }): Page;
  /** All entries whose keys begin with `prefix`, in the order of their keys' bytes. `for (const { key } of kv.entries("user:")) …` */
  export function entries(prefix?: string): IterableIterator<Entry>;

  export type Value = string | number | boolean | bigint | object;
  /** How long something is kept, in milliseconds; for good without it. */
  export interface Options {
    ttlMs?: number;
  }
  export interface Entry {
    readonly key: string;
    /** The exact bytes. */
    readonly value: Uint8Array;
    /** Grows with every change of any key of the project. */
    readonly version: number;
    text(): string;
    json(): any;
  }
  export interface Page {
    entries: Entry[];
    /** Where to go on: `after` of the next page; `undefined` at the end. */
    next?: string;
  }
  export type Swapped = { done: true; version: number; entry?: undefined } | { done: false; version?: undefined; entry?: Entry };
}

/** Why `kv` did nothing. One that is `unavailable` and that a handler lets pass asks for another attempt. */
export class KvError extends Error {
  /** The manifest does not grant it; something is more than it may be; no integer of 64 bits; not now. */
  readonly code: "not-granted" | "limit" | "not-a-number" | "unavailable";
}

/**
 * Sends a request to others, where the manifest's `outbound` lets it, as the web's function of this name does. It is global in a handler.
 *
 * ```ts
 * import { type Event, vars } from "tenterhook";
 *
 * export async function onPush(event: Event) {
 *   const answer = await fetch("https://api.github.com/user", { headers: { Authorization: `Bearer ${vars.get("GITHUB_TOKEN")}` } });
 *   if (!answer.ok) throw new Error(`GitHub answers ${answer.status}`);
 *   return (await answer.json()).login;
 * }
 * ```
 *
 * Requests that are begun together run together: `await Promise.all([fetch(one), fetch(two)])`. Each is in the session's record, with why it was
 * refused. A secret with `hosts` is a placeholder in `vars`, and the host puts the value in its place in headers to these hosts.
 */
export function fetch(resource: string | { href: string }, init?: FetchInit): Promise<FetchResponse>;

export interface FetchInit {
  method?: string;
  headers?: Iterable<readonly [string, string]> | Record<string, string>;
  body?: string | Uint8Array | ArrayBuffer | null;
  /** `follow` unless given: up to 20 redirects; `manual` gives the one; `error` rejects. */
  redirect?: "follow" | "manual" | "error";
  /** How long each part may take: to connect, until the answer begins, and between two pieces of it. The host's own limits hold too. */
  timeoutMs?: number;
}

/** What `fetch` gives. Its body is there whole, and is read once. */
export class FetchResponse {
  readonly status: number;
  /** Whether the status is one of 200 to 299. */
  readonly ok: boolean;
  readonly headers: Headers;
  /** What answered, after redirects. */
  readonly url: string;
  readonly redirected: boolean;
  readonly bodyUsed: boolean;
  text(): Promise<string>;
  json(): Promise<any>;
  bytes(): Promise<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Header fields of a {@link FetchResponse}, found in any case. */
export class Headers {
  constructor(fields?: Iterable<readonly [string, string]> | Record<string, string>);
  get(name: string): string | null;
  has(name: string): boolean;
  getSetCookie(): string[];
  forEach(act: (value: string, name: string, headers: Headers) => void): void;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  entries(): IterableIterator<[string, string]>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

/** Why there is no response. */
export class FetchError extends TypeError {
  constructor(code: FetchError["code"], message: string);
  /** Neither the manifest nor the operator lets it go there; something took too long; something is more than it may be; it failed otherwise. */
  readonly code: "denied" | "timeout" | "limit" | "failed";
}

/**
 * A response that is sent while the handler runs: a head, then chunks.
 *
 * ```ts
 * export async function onGet() {
 *   const answer = reply.start(200, { "Content-Type": "text/plain" });
 *   for (const part of ["a", "b"]) answer.write(part);
 * }
 * ```
 *
 * Only the sender of a synchronous trigger waits for one. It ends when the handler has ended, which returns nothing then; when the handler
 * fails instead, it is cut off.
 */
export namespace reply {
  /** Sends the status and the headers. */
  function start(status?: number, headers?: Iterable<readonly [string, string]> | Record<string, string>): Reply;
  interface Reply {
    /** Sends a piece of the body; waits while the sender reads more slowly than it is written. */
    write(chunk: string | Uint8Array | ArrayBuffer): void;
  }
}

/** Why `reply` did nothing. */
export class ReplyError extends Error {
  /** Nobody waits; the sender has gone; the head or the chunk cannot be sent; the response is larger than it may be. */
  readonly code: "no-sender" | "closed" | "invalid" | "limit";
}
