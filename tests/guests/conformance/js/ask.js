// What handlers keep, send and stream, in JavaScript: see the README above.
import { FetchError, KvError, ReplyError, Response, fetch, kv, log, reply, vars } from "tenterhook";

/** Does what the request says. */
export async function onAsk(event) {
  const wish = event.data.body.json;
  let says;
  try {
    says = await does[wish.do](wish);
    if (wish.do === "reply") return undefined;
  } catch (error) {
    if (![KvError, FetchError, ReplyError].some((kind) => error instanceof kind)) throw error;
    says = refusal(error);
  }
  log.info(JSON.stringify(says, (_, value) => (typeof value === "bigint" ? String(value) : value)));
  return Response.json(says);
}

const refusal = (error) => ({ error: error.code, text: error.message });
const textOf = (entry) => entry?.text() ?? null;
const options = (wish) => (wish.ttl_ms === undefined ? {} : { ttlMs: Number(wish.ttl_ms) });

const does = {
  get: ({ key }) => textOf(kv.get(key)),
  set(wish) {
    kv.set(wish.key, wish.value ?? new Uint8Array(Number(wish.size)), options(wish));
    return "set";
  },
  add: (wish) => kv.add(wish.key, wish.delta, options(wish)),
  delete: ({ key }) => kv.delete(key),
  swap(wish) {
    const expected = { none: () => undefined, there: () => kv.get(wish.key), older: () => 1 }[wish.expected]();
    const swapped = kv.compareAndSwap(wish.key, expected, wish.value, options(wish));
    return swapped.done ? ["done", wish.value] : ["conflict", textOf(swapped.entry)];
  },
  fill({ prefix, count }) {
    for (let number = 0; number < count; number++) kv.set(prefix + String(number).padStart(3, "0"), "");
    return "filled";
  },
  list({ prefix }) {
    const keys = [...kv.entries(prefix)].map(({ key }) => key);
    return [keys.length, keys[0] ?? null, keys.at(-1) ?? null];
  },
  page({ prefix, after, limit }) {
    const page = kv.list(prefix, { after, limit });
    return [page.entries.map(({ key }) => key), page.next ?? null];
  },
  async send(wish) {
    const headers = (wish.headers ?? []).map(([name, value]) => [name, value.replace("{TOKEN}", vars.get("TOKEN"))]);
    const body = wish.size === undefined ? wish.body : "-".repeat(wish.size);
    const answer = await fetch(wish.url, { method: wish.method, headers, body, timeoutMs: wish.timeout_ms });
    const text = await answer.text();
    return [answer.status, answer.headers.get("x-echo"), wish.size === undefined ? text : text.length];
  },
  reply(wish) {
    const answer = reply.start(wish.status, wish.headers);
    for (const chunk of wish.chunks) answer.write(chunk);
    if (!wish.again) return;
    try {
      reply.start(wish.status);
    } catch (error) {
      answer.write(JSON.stringify(refusal(error)));
    }
  },
};
