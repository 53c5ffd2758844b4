// Write Tenterhook webhook handlers in JavaScript or TypeScript: `index.d.ts` documents each name.

export { FetchError, KvError, Reject, ReplyError, Retry } from "./errors.js";
export { Event } from "./event.js";
export { FetchResponse, Headers, fetch } from "./fetch.js";
export { stringify } from "./json.js";
export * as kv from "./kv.js";
export * as log from "./log.js";
export * as reply from "./reply.js";
export { Response } from "./response.js";
export { get } from "./value.js";
export * as vars from "./vars.js";
