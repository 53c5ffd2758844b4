// How a handler says that it did not do its work.

export class Retry extends Error {
  constructor(reason = "", { afterMs } = {}) {
    super(reason);
    this.name = "Retry";
    if (afterMs !== undefined && !(afterMs >= 0 && Number.isFinite(afterMs))) {
      throw new RangeError(`afterMs is a wait in milliseconds, and not ${afterMs}`);
    }
    this.afterMs = afterMs === undefined ? null : Math.round(afterMs);
  }
}

export class Reject extends Error {
  constructor(reason = "") {
    super(reason);
    this.name = "Reject";
  }
}

/** Why `kv` did nothing. */
export class KvError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "KvError";
    this.code = code;
  }
}

/** Why `reply` did nothing. */
export class ReplyError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "ReplyError";
    this.code = code;
  }
}

/** Why there is no response; `fetch` rejects with a `TypeError`. */
export class FetchError extends TypeError {
  constructor(code, message) {
    super(message);
    this.name = "FetchError";
    this.code = code;
  }
}
