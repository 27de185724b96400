// The endpoints of this port. Nothing waits longer than a reader would.

const PATIENCE_MS = 5_000;

/** What an endpoint said when it did not do what was asked. */
export class Refusal extends Error {}

/** Reads JSON; also of an answer such as 503, when it is what was asked for. */
export async function read(path, {patience = PATIENCE_MS, also = []} = {}) {
  const answer = await fetch(`actuator/${path}`, {signal: AbortSignal.timeout(patience), headers: {Accept: "application/json"}});
  return answer.ok || also.includes(answer.status) ? answer.json() : refuse(answer);
}

export async function readText(path) {
  const answer = await fetch(`actuator/${path}`, {signal: AbortSignal.timeout(PATIENCE_MS), headers: {Accept: "text/plain"}});
  return answer.ok ? answer.text() : refuse(answer);
}

/** Has something done. The browser says which page this comes from, and the port takes it from its own alone. */
export async function act(path, body) {
  const answer = await fetch(`actuator/${path}`, {
    method: "POST",
    signal: AbortSignal.timeout(60_000),
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify(body),
  });
  return answer.ok ? answer.json() : refuse(answer);
}

async function refuse(answer) {
  let why = "";
  try {
    why = (await answer.json()).message ?? "";
  } catch {
    // not every answer on the way is ours
  }
  throw new Refusal(why || `the answer was ${answer.status}`);
}

/** Why something failed, in words. */
export function why(error) {
  return error instanceof Refusal ? error.message
    : error.name === "TimeoutError" ? "no answer in time"
      : "the process does not answer";
}
