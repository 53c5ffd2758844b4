// Write Tenterhook webhook handlers in JavaScript or TypeScript: `index.d.ts` documents each name.

export { Retry, Reject } from "./errors.js";
export { Event } from "./event.js";
export { stringify } from "./json.js";
export * as log from "./log.js";
export { Response } from "./response.js";
export { get } from "./value.js";
export * as vars from "./vars.js";
