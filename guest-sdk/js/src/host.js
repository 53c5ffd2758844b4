// What the SDK asks of its host. A test is the host at first; `runtime.js` puts the real one in its place.

const entries = [];
const variables = new Map();

export let host = {
  log: (level, message, fields) => {
    entries.push([level, message, ...fields.map(({ name, value }) => `${name}=${value}`)].join(" "));
  },
  vars: { get: (name) => variables.get(name) ?? null, names: () => [...variables.keys()] },
};

export function install(real) {
  host = real;
}

export { entries, variables };
