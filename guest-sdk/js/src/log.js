// The session's log.

import { host } from "./host.js";
import { stringify } from "./json.js";
import { located } from "./places.js";

export const trace = (message, fields) => write("trace", message, fields);
export const debug = (message, fields) => write("debug", message, fields);
export const info = (message, fields) => write("info", message, fields);
export const warn = (message, fields) => write("warn", message, fields);
export const error = (message, fields) => write("error", message, fields);

function write(level, message, fields = {}) {
  host.log(level, String(message), Object.entries(fields).map(([name, value]) => ({ name, value: show(value) })));
}

/** As `console.log` shows a value: a text as it is, an error with its stack, anything else as JSON. */
export function show(value) {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ? `${value}\n${located(value.stack)}`.trimEnd() : String(value);
  if (value === undefined || typeof value === "function" || typeof value === "symbol") return String(value);
  return stringify(value);
}

/** `console`, as far as it logs. */
export const consoleOf = () => {
  const at = (level) => (...values) => write(level, values.map(show).join(" "));
  return { log: at("info"), info: at("info"), debug: at("debug"), trace: at("trace"), warn: at("warn"), error: at("error") };
};
