// Header and form fields as their users write them.

/** Pairs of texts, of pairs or of an object. */
export function pairs(fields) {
  const entries = typeof fields[Symbol.iterator] === "function" ? [...fields] : Object.entries(fields);
  return entries.map(([name, value]) => [String(name), String(value)]);
}
