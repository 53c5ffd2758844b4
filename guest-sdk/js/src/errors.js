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
