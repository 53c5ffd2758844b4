// A slash command of Slack's, `/deploys`: https://docs.slack.dev/interactivity/implementing-slash-commands

import { type Event, Reject, Response, fetch, kv, log, vars } from "tenterhook";

/** What Slack waits for, in milliseconds. It is also how long a follow-up may take. */
const PATIENCE = 3000;

interface Command {
  text: string;
  user: string;
  respondAt?: string;
}

interface Message {
  /** `ephemeral` is for who typed the command, `in_channel` for all. */
  response_type: "ephemeral" | "in_channel";
  text: string;
}

type Act = (words: string[], command: Command) => Message | Promise<Message>;

const USAGE = "`/deploys list`, `/deploys start SERVICE` or `/deploys help`";

const ACTS: Record<string, Act> = {
  help: () => toOne(`Keeps track of deployments: ${USAGE}.`),
  list,
  start,
};

/** Answers a command. Slack shows what comes within three seconds, and nothing else. */
export async function onCommand(event: Event): Promise<Response> {
  const form = event.data.body.form;
  if (!form?.has("command")) throw new Reject("a slash command is a form with the field `command`");
  const token = vars.get("SLACK_TOKEN");
  if (!token || form.get("token") !== token) throw new Reject("the token is not Slack's: see SLACK_TOKEN");
  const command = { text: form.get("text", ""), user: form.get("user_name", "somebody"), respondAt: form.get("response_url") };
  const [name = "help", ...words] = command.text.split(" ").filter((word) => word !== "");
  const act = Object.hasOwn(ACTS, name) ? ACTS[name] : () => unknown(name);
  return Response.json(await act(words, command));
}

/** What runs, for who asks. */
function list(): Message {
  const lines = Array.from(kv.entries("deploy:"), (entry) => `• ${entry.key.slice("deploy:".length)}, by ${entry.json().user}`);
  return toOne(lines.length > 0 ? lines.join("\n") : "Nothing is being deployed.");
}

/** Takes note of a deployment, and tells the channel. */
async function start([service, ...rest]: string[], { user, respondAt }: Command): Promise<Message> {
  if (service === undefined || rest.length > 0) return toOne("Say which service, in one word: `/deploys start api`");
  // Of two who say so at once, one is told of the other.
  const swapped = kv.compareAndSwap(`deploy:${service}`, undefined, { user }, { ttlMs: 3_600_000 });
  if (!swapped.done) return toOne(`${service} is being deployed already, by ${swapped.entry?.json().user}.`);
  const said = await followUp(respondAt, { response_type: "in_channel", text: `${user} deploys ${service}.` });
  return toOne(said ? `Have fun with ${service}!` : `You deploy ${service}. The channel could not be told.`);
}

function unknown(name: string): Message {
  return toOne(`There is no \`/deploys ${name}\`. There is ${USAGE}.`);
}

function toOne(text: string): Message {
  return { response_type: "ephemeral", text };
}

/** Says something by the URL that Slack gives with each command, and whether that went well. The answer to the command does not depend on it. */
async function followUp(url: string | undefined, message: Message): Promise<boolean> {
  if (url === undefined) return false;
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(message),
      timeoutMs: PATIENCE / 2,
    });
    if (!answer.ok) log.warn("Slack does not take the follow-up", { status: answer.status });
    return answer.ok;
  } catch (error) {
    log.warn("the follow-up did not reach Slack", { error: String(error) });
    return false;
  }
}
