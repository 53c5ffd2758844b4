// Where the author wrote what a stack names: `tenterhook build` makes one file of all that the handlers import, and says where its lines are from.

/** Where the build puts it: as JSON, which costs nothing until something fails. */
const KEY = Symbol.for("tenterhook.places");

/** A stack with the author's own frames, if the build said which they are and any of them is. */
export function located(stack) {
  const places = globalThis[KEY];
  if (places === undefined) return stack;
  const { files, lines } = JSON.parse(places);
  const own = [];
  for (const frame of stack.split("\n")) {
    const [, before, line] = /^(\s*at .*?)\(?\/bundle\.js:([0-9]+):[0-9]+\)?$/.exec(frame) ?? [];
    const place = lines[line];
    if (place) own.push(`${before}(${files[place[0]]}:${place[1]})`);
  }
  return own.length > 0 ? own.join("\n") : stack;
}
