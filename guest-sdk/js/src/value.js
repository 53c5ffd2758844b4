// Maps of the payload: plain objects that have `get` and `has` besides.

// Nothing else is inherited, so that a key that is missing is `undefined` whatever its name.
export const methods = Object.create(null, {
  get: { value(key, fallback) { return get(this, key, fallback); } },
  has: { value(key) { return has(this, key); } },
});

/** An object whose own fields are a map's. */
export function dict() {
  return Object.create(methods);
}

/** Sets a field, whatever its name: `__proto__` is a name like any other. */
export function set(map, key, value) {
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
}

export function has(map, key) {
  if (map === null || typeof map !== "object") return false;
  return Object.prototype.hasOwnProperty.call(map, key);
}

export function get(map, key, fallback) {
  return has(map, key) ? map[key] : fallback;
}

/** A map whose fields are read when they are first looked at. */
export function lazy(keys, read) {
  const map = dict();
  for (const key of keys) {
    Object.defineProperty(map, key, {
      get() {
        const value = read(key);
        set(map, key, value);
        return value;
      },
      set(value) { set(map, key, value); },
      enumerable: true,
      configurable: true,
    });
  }
  return map;
}

/** Gives a JSON value's maps their methods, in place. */
export function adopt(value) {
  if (Array.isArray(value)) value.forEach(adopt);
  else if (value !== null && typeof value === "object") {
    Object.setPrototypeOf(value, methods);
    for (const key of Object.keys(value)) adopt(value[key]);
  }
  return value;
}

/** A map whose keys are found in any case. */
export function headers(fields) {
  const find = (key) => {
    if (typeof key !== "string" || has(fields, key)) return key;
    const low = key.toLowerCase();
    return Object.keys(fields).find((name) => name.toLowerCase() === low) ?? key;
  };
  return new Proxy(fields, {
    get: (target, key, self) => Reflect.get(target, find(key), self),
    has: (target, key) => Reflect.has(target, find(key)),
    getOwnPropertyDescriptor: (target, key) => Reflect.getOwnPropertyDescriptor(target, find(key)),
    set: (target, key, value) => (set(target, find(key), value), true),
    deleteProperty: (target, key) => Reflect.deleteProperty(target, find(key)),
  });
}
