/**
 * Events for unit tests, which run on the author's machine without a host:
 *
 * ```ts
 * import * as fake from "tenterhook/fake";
 *
 * const event = fake.event({ method: "POST", url: "/webhooks/slug", json: { name: "Ada" } });
 * assert.equal(fake.call(onHttpPost, event)?.status, 201);
 * assert.deepEqual(fake.takeLogs(), ["info received path=/webhooks/slug"]);
 * ```
 * @module
 */
import type { Answer, Event, Response } from "./index.js";

export type Pairs = Iterable<readonly [string, string]> | Record<string, string>;

/** A request, as a test describes it. It begins as `GET /webhooks/slug` without headers, at the first attempt. */
export interface Request {
  method?: string;
  /** The request target: `/webhooks/slug?key=value`. */
  url?: string;
  /** Pairs may repeat a name. `Content-Length` is added with a body. */
  headers?: Pairs;
  trailers?: Pairs;
  body?: string | Uint8Array;
  /** The body, as `application/json`. */
  json?: unknown;
  /** The body, as a URL-encoded form. */
  form?: Pairs;
  id?: string;
  session?: string;
  attempt?: number;
  createdAt?: Date;
  trigger?: string;
  redispatchedFrom?: string | null;
}

/** The event that the host would make of a request. */
export function event(request?: Request): Event;
/**
 * Calls a handler as the host does: what a sender would receive, or null for no answer; of an `async` handler a promise of it. What the handler
 * throws is thrown. Meanwhile the global `fetch` is the SDK's.
 */
export function call(handler: (event: Event) => Promise<Answer>, event: Event): Promise<Response | null>;
export function call(handler: (event: Event) => Answer, event: Event): Response | null;
/** Gives the project a variable. */
export function setVar(name: string, value: string): void;
/** What was logged since the last time: `warn running out stock=3`. */
export function takeLogs(): string[];
/** The pieces in which the last call's handler sent its response by `reply`. */
export function chunks(): Uint8Array[];
/**
 * Answers what handlers send with `fetch` from now on. Without it every request is denied, as it is without a rule in the manifest.
 *
 * ```ts
 * fake.answerRequests((request) => ({ status: 200, headers: { "Content-Type": "application/json" }, body: '{"login": "ada"}' }));
 * ```
 *
 * It may throw what the host would: `new FetchError("timeout", "the answer took too long")`.
 */
export function answerRequests(answer: (request: Sent) => Answered | Promise<Answered>): void;
/** Forgets variables, logs, what was kept, and who answers requests: for what runs before each test. */
export function reset(): void;

/** A request as a handler sent it. */
export interface Sent {
  method: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array | null;
  timeoutMs?: number;
}

/** What a test answers: 200 and empty unless it says more. */
export interface Answered {
  status?: number;
  headers?: Pairs;
  body?: string | Uint8Array;
}
