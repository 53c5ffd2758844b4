// What the SDK asks of its host: the real one in a sandbox, and a test's in a test.

const nowhere = () => {
  throw new Error("there is no host here: a module's own code runs when the component is made, so ask in a handler; a test imports `tenterhook/fake`");
};
const absent = new Proxy({}, { get: () => nowhere });

export let host = { log: () => {}, vars: absent, kv: absent, reply: absent, send: nowhere };

export function install(other) {
  host = other;
}
