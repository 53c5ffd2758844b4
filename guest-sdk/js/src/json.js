// JSON with integers that are exact: those beyond 2^53 are `BigInt`s.

import { encodeBase64 } from "./text.js";
import { adopt, dict, methods, set } from "./value.js";

// In a text a map is its JSON.
Object.defineProperty(methods, Symbol.toPrimitive, {
  value(hint) {
    return hint === "number" ? NaN : stringify(this);
  },
});

/** The value of a JSON text that is known to be one. */
export function parse(text) {
  // Only a number with so many digits may be more than a double holds exactly.
  return /[0-9]{16}/.test(text) ? new Parser(text).whole() : adopt(JSON.parse(text));
}

/** A value as JSON without spaces: `BigInt`s as numbers, bytes as base64. */
export function stringify(value) {
  const text = write(value);
  if (text === undefined) throw new TypeError(`a ${typeof value} has no form in JSON`);
  return text;
}

function write(value) {
  if (typeof value === "bigint") return value.toString();
  // The engine's own is faster by far.
  if (isPlain(value)) return JSON.stringify(value);
  if (value instanceof Uint8Array) return `"${encodeBase64(value)}"`;
  if (value instanceof ArrayBuffer) return write(new Uint8Array(value));
  if (Array.isArray(value)) return `[${value.map((item) => write(item) ?? "null").join(",")}]`;
  // A payload may have a field of this name that is no function.
  if (typeof value.toJSON === "function") return write(value.toJSON());
  const fields = [];
  for (const key of Object.keys(value)) {
    const text = write(value[key]);
    if (text !== undefined) fields.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${fields.join(",")}}`;
}

/** Whether the engine's own `JSON` gives what is wanted. */
function isPlain(value) {
  if (typeof value === "bigint") return false;
  if (value === null || typeof value !== "object") return true;
  if (Array.isArray(value)) return value.every(isPlain);
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return false;
  for (const key of Object.keys(value)) {
    if (!isPlain(value[key])) return false;
  }
  return true;
}

class Parser {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  whole() {
    const value = this.value();
    this.space();
    if (this.at !== this.text.length) this.fail();
    return value;
  }

  value() {
    this.space();
    switch (this.text[this.at]) {
      case "{": return this.object();
      case "[": return this.array();
      case '"': return this.string();
      case "t": return this.word("true", true);
      case "f": return this.word("false", false);
      case "n": return this.word("null", null);
      default: return this.number();
    }
  }

  object() {
    const map = dict();
    this.at += 1;
    if (this.ends("}")) return map;
    for (;;) {
      this.space();
      const key = this.string();
      this.space();
      this.expect(":");
      set(map, key, this.value());
      if (this.ends("}")) return map;
      this.expect(",");
    }
  }

  array() {
    const list = [];
    this.at += 1;
    if (this.ends("]")) return list;
    for (;;) {
      list.push(this.value());
      if (this.ends("]")) return list;
      this.expect(",");
    }
  }

  string() {
    const start = this.at;
    if (this.text[start] !== '"') this.fail();
    // To the next quote that an even number of backslashes precedes.
    for (this.at += 1; ; this.at += 1) {
      this.at = this.text.indexOf('"', this.at);
      if (this.at < 0) this.fail();
      let slashes = 0;
      while (this.text[this.at - 1 - slashes] === "\\") slashes += 1;
      if (slashes % 2 === 0) break;
    }
    this.at += 1;
    return JSON.parse(this.text.slice(start, this.at));
  }

  number() {
    const start = this.at;
    while (this.at < this.text.length && "+-.eE0123456789".includes(this.text[this.at])) this.at += 1;
    const digits = this.text.slice(start, this.at);
    const number = JSON.parse(digits || "?");
    return /^-?[0-9]+$/.test(digits) && !Number.isSafeInteger(number) ? BigInt(digits) : number;
  }

  word(word, value) {
    if (!this.text.startsWith(word, this.at)) this.fail();
    this.at += word.length;
    return value;
  }

  ends(mark) {
    this.space();
    if (this.text[this.at] !== mark) return false;
    this.at += 1;
    return true;
  }

  expect(mark) {
    if (!this.ends(mark)) this.fail();
  }

  space() {
    while (this.at < this.text.length && " \t\n\r".includes(this.text[this.at])) this.at += 1;
  }

  fail() {
    throw new SyntaxError(`not JSON at character ${this.at}`);
  }
}
