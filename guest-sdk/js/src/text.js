// UTF-8 and base64. QuickJS has neither `TextEncoder` and `TextDecoder` nor `btoa`.

export function encodeUtf8(text) {
  if (typeof globalThis.TextEncoder === "function") return new TextEncoder().encode(text);
  // No unit of UTF-16 takes more than three bytes.
  const bytes = new Uint8Array(text.length * 3);
  let end = 0;
  for (let at = 0; at < text.length; at += 1) {
    let code = text.charCodeAt(at);
    if (code < 0x80) {
      bytes[end++] = code;
      continue;
    }
    if (code >= 0xd800 && code <= 0xdfff) {
      const low = code < 0xdc00 ? text.charCodeAt(at + 1) : 0;
      const isPair = low >= 0xdc00 && low <= 0xdfff;
      // Half of a surrogate pair is no character.
      code = isPair ? 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff) : 0xfffd;
      if (isPair) at += 1;
    }
    if (code < 0x800) bytes[end++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x10000) bytes[end++] = 0xe0 | (code >> 12);
      else {
        bytes[end++] = 0xf0 | (code >> 18);
        bytes[end++] = 0x80 | ((code >> 12) & 63);
      }
      bytes[end++] = 0x80 | ((code >> 6) & 63);
    }
    bytes[end++] = 0x80 | (code & 63);
  }
  return bytes.subarray(0, end);
}

/** So many characters one call may make a text of. */
const PIECE = 8192;

/** The text of these bytes, with U+FFFD for what is none, as the web's standard has it. */
export function decodeUtf8(bytes) {
  if (typeof globalThis.TextDecoder === "function") return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const texts = [];
  let codes = [];
  for (let at = 0; at < bytes.length; ) {
    const [code, length] = decodeAt(bytes, at);
    codes.push(code);
    at += length;
    if (codes.length === PIECE) {
      texts.push(String.fromCodePoint(...codes));
      codes = [];
    }
  }
  return texts.join("") + String.fromCodePoint(...codes);
}

/** The character at a place and how many bytes it takes; of what is none, as many as begin one. */
function decodeAt(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) return [first, 1];
  const more = first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 0;
  // Neither longer than it need be, nor half of a surrogate pair, nor beyond the last character.
  let [least, most] = [0x80, 0xbf];
  if (first === 0xe0) least = 0xa0;
  if (first === 0xed) most = 0x9f;
  if (first === 0xf0) least = 0x90;
  if (first === 0xf4) most = 0x8f;
  let code = more === 0 ? 0 : first & (0x3f >> more);
  for (let next = 1; next <= more; next += 1) {
    const byte = bytes[at + next];
    if (!(byte >= least && byte <= most)) return [0xfffd, next];
    code = (code << 6) | (byte & 0x3f);
    [least, most] = [0x80, 0xbf];
  }
  return more === 0 ? [0xfffd, 1] : [code, more + 1];
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** What twelve bits are. */
let pairs;

export function encodeBase64(bytes) {
  pairs ??= Array.from({ length: 4096 }, (_, bits) => ALPHABET[bits >> 6] + ALPHABET[bits & 63]);
  const whole = bytes.length - (bytes.length % 3);
  let text = "";
  for (let at = 0; at < whole; at += 3) {
    const bits = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    text += pairs[bits >> 12] + pairs[bits & 4095];
  }
  if (bytes.length - whole === 1) text += `${pairs[bytes[whole] << 4]}==`;
  if (bytes.length - whole === 2) {
    const bits = (bytes[whole] << 10) | (bytes[whole + 1] << 2);
    text += `${pairs[bits >> 6]}${ALPHABET[bits & 63]}=`;
  }
  return text;
}
