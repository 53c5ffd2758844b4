import { KvError, Response, kv, reply, stringify } from "tenterhook";

/** Steps whose results are written alike in every language. */
export function keep() {
  const said = [];
  const step = (name, act) => {
    try {
      said.push(`${name}: ${act() ?? "none"}`);
    } catch (error) {
      if (!(error instanceof KvError)) throw error;
      said.push(`${name}: ${error.code}: ${error.message}`);
    }
  };
  step("get", () => kv.get("a"));
  step("set", () => kv.set("a", "one"));
  step("get", () => entry(kv.get("a")));
  step("json", () => kv.set("j", { n: 1 }) && kv.get("j").text());
  step("add", () => kv.add("n", 5));
  step("add", () => kv.add("n", -2));
  step("add to text", () => kv.add("a"));
  kv.set("big", 2n ** 63n - 1n);
  step("add beyond", () => kv.add("big"));
  step("empty key", () => kv.get(""));
  step("no time", () => kv.set("t", "x", { ttlMs: 0 }) && kv.get("t"));
  const swapped = kv.compareAndSwap("a", undefined, "two");
  step("swap", () => (swapped.done ? "done" : `conflict with ${entry(swapped.entry)}`));
  step("swap", () => (kv.compareAndSwap("a", swapped.entry, "two").done ? "done" : "conflict"));
  kv.update("l", () => [1]);
  step("update", () => stringify(kv.update("l", (there) => [...there.json(), 2])));
  kv.delete("a");
  kv.delete("j");
  kv.set("c", Uint8Array.of(255, 0));
  for (const number of [0, 1, 2]) kv.set(`u/${number}`, number);
  step("entries", () => keys(kv.entries()));
  step("below u/", () => keys(kv.entries("u/")));
  const page = kv.list("u/", { limit: 2 });
  step("page", () => `${keys(page.entries)}, then ${page.next}`);
  step("after", () => keys(kv.list("u/", { after: page.next }).entries));
  step("delete", () => kv.delete("c") && kv.get("c") === undefined);
  step("delete", () => kv.delete("c"));
  return said;
}

const entry = (there) => `${there.text()} at ${there.version}`;
const keys = (entries) => Array.from(entries, (entry) => entry.key).join(" ");

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

export function refused() {
  try {
    kv.get("a");
  } catch (error) {
    return Response.json(`${error.code}: ${error.message}`);
  }
}

export async function ask(event) {
  const { url, method, headers, text, json, timeout } = event.data.body.json;
  const init = { method, headers, body: text, timeoutMs: timeout };
  if (json) Object.assign(init, { body: stringify(json), headers: { "Content-Type": "application/json" } });
  try {
    const answer = await fetch(url, init);
    return { status: answer.status, ok: answer.ok, type: answer.headers.get("content-type"), text: await answer.text() };
  } catch (error) {
    return { error: `${error.code}: ${error.message}` };
  }
}

export async function stream(event) {
  const answer = reply.start(201, { "X-Streamed": "yes" });
  answer.write("first\n");
  while (event.data.url.query.has("wait") && !kv.get("go")) await sleep(20);
  answer.write("last\n");
}

export function go() {
  kv.set("go", "1");
  return "gone";
}

export async function fail(event) {
  const { how, url } = event.data.body.json;
  if (how === "reply") reply.start(200).write("a part");
  const answer = await fetch(url);
  return answer.nothing.length;
}

export function follow(event) {
  return fetch(event.data.body.json.url, { headers: { "X-A": "1" } });
}

async function* numbers() {
  for (const number of [1, 2, 3]) {
    await sleep(1);
    yield number;
  }
}

/** The language's ways to wait. */
export async function waits(event) {
  const { url } = event.data.body.json;
  const answers = await Promise.all([1, 2, 3].map(async () => (await fetch(`${url}/together`)).text()));
  const seen = [];
  for await (const number of numbers()) seen.push(number);
  const order = [];
  setTimeout((word) => order.push(word), 0, "timer");
  const cancelled = setTimeout(() => order.push("cancelled"), 0);
  clearTimeout(cancelled);
  queueMicrotask(() => order.push("microtask"));
  order.push("now");
  await sleep(5);
  const race = await Promise.race([new Promise(() => {}), sleep(5).then(() => "fast")]);
  const settled = await Promise.allSettled([1, Promise.reject(new Error("x"))]);
  const any = await Promise.any([Promise.reject(1), 2]);
  let caught;
  try {
    await Promise.reject(new Error("y")).finally(() => order.push("finally"));
  } catch (error) {
    caught = error.message;
  }
  Promise.reject(new Error("unheard"));
  setTimeout(() => console.log("done after the answer"), 5);
  return { answers, seen, order, race, settled: settled.map(({ status }) => status), any, caught };
}
