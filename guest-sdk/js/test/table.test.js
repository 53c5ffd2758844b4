// Fake events are what the host makes of requests: held to the table that all SDKs are.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

import * as fake from "../src/fake.js";
import { parse } from "../src/json.js";
import { stringify } from "../src/index.js";

const TABLE = new URL("../../../plugins/echo/expected.json", import.meta.url);

test("fake events are the host's", { skip: !existsSync(TABLE) && "the table is in the repository" }, () => {
  for (const row of parse(readFileSync(TABLE, "utf8"))) {
    const headers = [["Host", "h"], ...row.headers];
    const trailers = row.get("trailers", []);
    if (trailers.length > 0) headers.push(["Transfer-Encoding", "chunked"]);
    const body = row.has("body") ? Uint8Array.from(Buffer.from(row.body, "base64")) : undefined;
    const event = fake.event({ method: row.method, url: row.url, headers, trailers, body });
    assert.equal(stringify(event.data), stringify(row.data), row.name);
    assert.equal(stringify(event.get("")), stringify(row.data), row.name);
  }
});
