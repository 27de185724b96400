// Calls of the endpoints of this port, each with a timeout.

const PATIENCE_MS = 5_000;

const TOKEN = "token"; // of the operator, as long as this tab is open

/** An answer that is an error, with the endpoint's reason. */
export class Refusal extends Error {}

/** The port asks for a token, or takes the one there is for none. */
export class TokenNeeded extends Refusal {}

export function remember(token) {
  sessionStorage.setItem(TOKEN, token);
}

function headers(more) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? {...more, Authorization: `Bearer ${token}`} : more;
}

/** Reads JSON; statuses in also count as success. */
export async function read(path, {patience = PATIENCE_MS, also = []} = {}) {
  const answer = await fetch(`actuator/${path}`, {signal: AbortSignal.timeout(patience), headers: headers({Accept: "application/json"})});
  return answer.ok || also.includes(answer.status) ? answer.json() : refuse(answer);
}

export async function readText(path) {
  const answer = await fetch(`actuator/${path}`, {signal: AbortSignal.timeout(PATIENCE_MS), headers: headers({Accept: "text/plain"})});
  return answer.ok ? answer.text() : refuse(answer);
}

/**
 * Posts an operation. What takes longer than the patience goes on, and its end is found at acts. The port accepts it from its own pages only, by the headers Origin and
 * Sec-Fetch-Site of the browser.
 */
export async function act(path, body, patience = 60_000) {
  const answer = await fetch(`actuator/${path}`, {
    method: "POST",
    signal: AbortSignal.timeout(patience),
    headers: headers({"Content-Type": "application/json"}),
    body: JSON.stringify(body),
  });
  return answer.status === 204 ? null : answer.ok ? answer.json() : refuse(answer);
}

async function refuse(answer) {
  let why = "";
  try {
    const {detail, message} = await answer.json();
    why = (detail ?? message ?? "").replace(/\.$/, "");
  } catch {
    // an answer of a proxy, not JSON
  }
  if (answer.status === 401) {
    sessionStorage.removeItem(TOKEN);
    throw new TokenNeeded(why || "This needs a token");
  }
  throw new Refusal(why || `the answer was ${answer.status}`);
}

/** The reason of a failure, for people. */
export function why(error) {
  return error instanceof Refusal ? error.message
    : error.name === "TimeoutError" ? "no answer in time"
      : "the process does not answer";
}
