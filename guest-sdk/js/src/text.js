// UTF-8 and base64. QuickJS has neither `TextEncoder` nor `btoa`.

export function encodeUtf8(text) {
  if (typeof globalThis.TextEncoder === "function") return new TextEncoder().encode(text);
  const bytes = [];
  for (const character of String(text)) {
    let code = character.codePointAt(0);
    // Half of a surrogate pair is no character.
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(bytes);
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function encodeBase64(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [a, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const left = bytes.length - at;
    parts.push(
      ALPHABET[a >> 2] + ALPHABET[((a & 3) << 4) | (b >> 4)] +
        (left > 1 ? ALPHABET[((b & 15) << 2) | (c >> 6)] : "=") + (left > 2 ? ALPHABET[c & 63] : "="),
    );
  }
  return parts.join("");
}
