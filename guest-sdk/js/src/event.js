// What a handler receives.

import { headers, lazy } from "./value.js";

const DATA = ["method", "url", "raw_url", "headers", "headers_all", "trailers", "trailers_all", "body"];
const URL = ["path", "query", "raw_query", "fragment", "raw_fragment", "raw_path", "path_suffix", "query_all"];
const BODY = ["bytes", "form", "json", "text", "json_value", "form_all"];

/** One received request. `source` is the host's or a test's: its `read` gives `undefined` for what is missing. */
export class Event {
  #source;
  #data;

  constructor(source) {
    this.#source = source;
  }

  get data() {
    const source = this.#source;
    const below = (name) => (part) => source.read(`/${name}/${part}`);
    this.#data ??= lazy(DATA, (key) => {
      if (key === "url") return lazy(URL, below("url"));
      if (key === "body") return lazy(BODY, below("body"));
      const value = source.read(`/${key}`);
      return key === "headers" || key === "trailers" ? headers(value) : value;
    });
    return this.#data;
  }

  get(pointer, fallback) {
    const value = this.#source.read(pointer === "" || pointer.startsWith("/") ? pointer : `/${pointer}`);
    return value === undefined ? fallback : value;
  }

  get id() { return this.#source.id(); }
  get kind() { return this.#source.kind(); }
  get session() { return this.#source.session(); }
  get attempt() { return this.#source.attempt(); }
  get createdAt() { return new Date(Math.floor(Number(this.#source.createdAt()) / 1000)); }
  get createdAtMicros() { return Number(this.#source.createdAt()); }
  get trigger() { return this.#source.trigger(); }
  get redispatchedFrom() { return this.#source.redispatchedFrom() ?? null; }
}
