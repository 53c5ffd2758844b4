// UTF-8 and base64. QuickJS has neither `TextEncoder` nor `btoa`.

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
