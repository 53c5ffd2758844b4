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
 * `console.log` and its siblings write to the session's log.
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

/** What a handler may return: nothing, a `Response`, text, bytes, or an object or a list, which is answered as JSON. */
export type Answer = void | null | undefined | Response | string | Uint8Array | ArrayBuffer | object;

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
