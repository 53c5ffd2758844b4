// The language's promises, with a queue that can be emptied. The engine empties its own only when the module's code has run, and a handler's
// export must know its answer before it returns. `async` functions become functions that use `Promise` when the component is built.

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

/** What runs once the code that is running has ended. */
const jobs = [];
/** Promises that were rejected and that nobody has asked. */
const unheard = new Set();

export function enqueue(job) {
  jobs.push(job);
}

/** Runs all jobs, and those that they bring. */
export function runJobs() {
  while (jobs.length > 0) {
    for (const job of jobs.splice(0)) job();
  }
}

/** Why promises were rejected that nobody has asked. */
export function takeUnheard() {
  const reasons = Array.from(unheard, (read) => read());
  unheard.clear();
  return reasons;
}

export class Promise {
  #state = PENDING;
  #value;
  #reactions = [];
  #reason = () => this.#value;

  constructor(executor) {
    if (typeof executor !== "function") throw new TypeError("a Promise is made of a function");
    const [resolve, reject] = this.#ends();
    try {
      executor(resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  /** Two functions, of whose calls the first one counts. */
  #ends() {
    let isOver = false;
    const first = (act) => (value) => {
      if (isOver) return;
      isOver = true;
      act(value);
    };
    return [first((value) => this.#resolve(value)), first((error) => this.#settle(REJECTED, error))];
  }

  #resolve(value) {
    if (value === this) return this.#settle(REJECTED, new TypeError("a Promise cannot be resolved with itself"));
    if (value === null || (typeof value !== "object" && typeof value !== "function")) return this.#settle(FULFILLED, value);
    let then;
    try {
      then = value.then;
    } catch (error) {
      return this.#settle(REJECTED, error);
    }
    if (typeof then !== "function") return this.#settle(FULFILLED, value);
    enqueue(() => {
      const [resolve, reject] = this.#ends();
      try {
        then.call(value, resolve, reject);
      } catch (error) {
        reject(error);
      }
    });
  }

  #settle(state, value) {
    this.#state = state;
    this.#value = value;
    if (state === REJECTED && this.#reactions.length === 0) unheard.add(this.#reason);
    for (const react of this.#reactions.splice(0)) enqueue(react);
  }

  then(onFulfilled, onRejected) {
    unheard.delete(this.#reason);
    return new this.constructor((resolve, reject) => {
      const react = () => {
        const isFulfilled = this.#state === FULFILLED;
        const handler = isFulfilled ? onFulfilled : onRejected;
        if (typeof handler !== "function") return isFulfilled ? resolve(this.#value) : reject(this.#value);
        try {
          resolve(handler(this.#value));
        } catch (error) {
          reject(error);
        }
      };
      if (this.#state === PENDING) this.#reactions.push(react);
      else enqueue(react);
    });
  }

  catch(onRejected) {
    return this.then(undefined, onRejected);
  }

  finally(onEnd) {
    if (typeof onEnd !== "function") return this.then(onEnd, onEnd);
    const after = (go) => this.constructor.resolve(onEnd()).then(go);
    return this.then(
      (value) => after(() => value),
      (error) => after(() => {
        throw error;
      }),
    );
  }

  get [Symbol.toStringTag]() {
    return "Promise";
  }

  static get [Symbol.species]() {
    return this;
  }

  static resolve(value) {
    return value instanceof Promise && value.constructor === this ? value : new this((resolve) => resolve(value));
  }

  static reject(error) {
    return new this((_, reject) => reject(error));
  }

  static withResolvers() {
    let resolve;
    let reject;
    const promise = new this((...ends) => ([resolve, reject] = ends));
    return { promise, resolve, reject };
  }

  static try(act, ...values) {
    return new this((resolve) => resolve(act(...values)));
  }

  static all(values) {
    return gather(this, values, ({ keep, reject }) => [keep, reject]);
  }

  static allSettled(values) {
    return gather(this, values, ({ keep }) => [
      (value) => keep({ status: "fulfilled", value }),
      (reason) => keep({ status: "rejected", reason }),
    ]);
  }

  static any(values) {
    const fail = (errors, { reject }) => reject(new AggregateError(errors, "all promises were rejected"));
    return gather(this, values, ({ keep, resolve }) => [resolve, keep], fail);
  }

  static race(values) {
    return new this((resolve, reject) => {
      for (const value of values) this.resolve(value).then(resolve, reject);
    });
  }
}

/** A promise of what was kept of each value; `handlers` says what is done with one that is there, and with an error. */
function gather(kind, values, handlers, end = (kept, { resolve }) => resolve(kept)) {
  return new kind((resolve, reject) => {
    const kept = [];
    let left = 1;
    const oneLess = () => {
      left -= 1;
      if (left === 0) end(kept, { resolve, reject });
    };
    for (const value of values) {
      const place = kept.push(undefined) - 1;
      left += 1;
      const keep = (found) => {
        kept[place] = found;
        oneLess();
      };
      kind.resolve(value).then(...handlers({ keep, resolve, reject }));
    }
    oneLess();
  });
}
