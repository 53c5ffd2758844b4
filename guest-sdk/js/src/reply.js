// A response that is sent while the handler runs: a head, then chunks.

import { host } from "./host.js";
import { pairs } from "./pairs.js";
import { encodeUtf8 } from "./text.js";

export class Reply {
  write(chunk) {
    host.reply.write(typeof chunk === "string" ? encodeUtf8(chunk) : new Uint8Array(chunk));
  }
}

export function start(status = 200, headers = []) {
  host.reply.start(status, pairs(headers));
  return new Reply();
}
