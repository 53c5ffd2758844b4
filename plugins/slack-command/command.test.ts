// Tests of the handler, which need no server: npm test

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FetchError, Reject, kv } from "tenterhook";
import * as fake from "tenterhook/fake";

import { onCommand } from "./command.ts";

let sent: fake.Sent[];

beforeEach(() => {
  fake.reset();
  fake.setVar("SLACK_TOKEN", "of the test");
  sent = [];
  fake.answerRequests((request) => {
    sent.push(request);
    return { body: "ok" };
  });
});

async function type(text: string, user = "ada", token = "of the test") {
  const form = { command: "/deploys", text, user_name: user, token, response_url: "https://hooks.slack.com/commands/1" };
  const answer = await fake.call(onCommand, fake.event({ method: "POST", url: "/webhooks/slack", form }));
  return JSON.parse(new TextDecoder().decode(answer?.body));
}

test("a deployment is started once, and the channel is told", async () => {
  assert.deepEqual(await type("list"), { response_type: "ephemeral", text: "Nothing is being deployed." });
  assert.deepEqual(await type("start api"), { response_type: "ephemeral", text: "Have fun with api!" });
  assert.equal((await type(" start  api ", "eve")).text, "api is being deployed already, by ada.");
  assert.equal((await type("list")).text, "• api, by ada");
  assert.deepEqual(sent.map(({ url, body }) => [url, JSON.parse(new TextDecoder().decode(body!))]), [
    ["https://hooks.slack.com/commands/1", { response_type: "in_channel", text: "ada deploys api." }],
  ]);
});

test("what Slack does not take is no reason not to answer", async () => {
  fake.answerRequests(() => {
    throw new FetchError("timeout", "the answer took too long");
  });
  assert.equal((await type("start api")).text, "You deploy api. The channel could not be told.");
  assert.deepEqual(fake.takeLogs(), ["warn the follow-up did not reach Slack error=FetchError: the answer took too long"]);
  fake.answerRequests(() => ({ status: 404 }));
  assert.equal((await type("start web")).text, "You deploy web. The channel could not be told.");
  assert.equal([...kv.entries("deploy:")].length, 2);
});

test("what is not understood is answered with what would be", async () => {
  assert.match((await type("")).text, /^Keeps track of deployments: /);
  assert.match((await type("stop api")).text, /^There is no `\/deploys stop`\. There is `\/deploys list`, /);
  assert.match((await type("toString")).text, /^There is no/);
  assert.match((await type("start")).text, /^Say which service/);
  assert.match((await type("start a b")).text, /^Say which service/);
});

test("who is not Slack is rejected", async () => {
  await assert.rejects(type("list", "ada", "guessed"), Reject);
  await assert.rejects(fake.call(onCommand, fake.event({ method: "POST", json: {} })), Reject);
});
