// The operators' page: reads the endpoints of this port every two seconds while the page is visible.

import {act, read, readText, remember, TokenNeeded, why} from "./actuator.js";
import {emblem} from "./book/sigil.js";
import {Letters} from "./letters.js";
import {Loop, parts, walked} from "./loop.js";
import {Reading} from "./metrics.js";
import {showRoutes} from "./routes.js";
import {say} from "./words.js";

const EVERY_MS = 2_000;
const LETTERS_EVERY = 2; // rounds
const WALK_MS = 10 * 60_000;
const METRICS = `prometheus?includedNames=${[
  "gifts_accepted", "gifts_rejected", "gifts_stored", "gifts_dead", "gifts_stored_latency_seconds", "gifts_lag_records",
  "gifts_lag_seconds", "gifts_unaccounted", "gifts_ledger_checked"]}`;

const $ = id => document.getElementById(id);
const loop = new Loop();
const letters = new Letters();
let rounds = 0;
let looking = false;

async function look() {
  if (looking || document.hidden || !$("token").hidden) {
    return;
  }
  looking = true;
  const [health, metrics, live, camel] = await Promise.allSettled([
    read("health/readiness", {also: [503]}), readText(METRICS), read("liveroutes"), read("camelroutes")]);
  showHealth(health);
  const unknown = [live, metrics].find(({reason}) => reason instanceof TokenNeeded);
  if (unknown) {
    ask(unknown.reason);
    looking = false;
    return;
  }
  const reading = metrics.status === "fulfilled" ? new Reading(metrics.value, performance.now()) : null;
  const does = live.status === "fulfilled" ? live.value : {saves: true, stores: true};
  if (reading) {
    loop.show(reading, does);
  } else {
    loop.lost();
  }
  if (live.status === "fulfilled") {
    showRoutes(live.value, camel.status === "fulfilled" ? camel.value : []);
    say($("role"), role(does));
  } else {
    say($("routes-note"), `They cannot be read at the moment: ${why(live.reason)}.`);
  }
  if (rounds++ % LETTERS_EVERY === 0) {
    await letters.refresh();
  }
  say($("read"), `Read at ${new Date().toLocaleTimeString("en-GB")}`);
  looking = false;
  setTimeout(look, EVERY_MS);
}

/** Nothing more is read until there is a token. */
function ask(reason) {
  $("token-note").textContent = `${why(reason)}.`;
  if ($("token").hidden) {
    $("token").hidden = false;
    $("token-value").focus();
  }
}

$("token").addEventListener("submit", event => {
  event.preventDefault();
  remember($("token-value").value.trim());
  $("token-value").value = "";
  $("token").hidden = true;
  look();
});

function showHealth(health) {
  const state = $("state");
  if (health.status === "rejected") {
    state.dataset.state = "lost";
    say(state, `Unknown: ${why(health.reason)}`);
    parts($("parts"), {});
    return;
  }
  const ready = health.value.status === "UP";
  state.dataset.state = ready ? "live" : "lost";
  say(state, ready ? "Ready" : "Not ready");
  parts($("parts"), health.value.components ?? {});
}

function role({saves, stores}) {
  return saves && stores ? "It takes saves and stores them."
    : saves ? "It takes saves, and leaves storing to the workers."
      : stores ? "A worker: it stores what others accept."
        : "It neither takes saves nor stores them.";
}

document.addEventListener("visibilitychange", look);

$("walk").addEventListener("click", async event => {
  const button = event.target;
  if (button.getAttribute("aria-disabled") === "true") {
    return;
  }
  button.setAttribute("aria-disabled", "true");
  $("walked").textContent = "Auditing…";
  try {
    $("walked").textContent = walked((await act("ledger", {}, WALK_MS)).ledger);
  } catch (error) {
    $("walked").textContent = `The audit failed: ${why(error)}.`;
  } finally {
    button.removeAttribute("aria-disabled");
  }
});

const svg = $("emblem");
svg.firstElementChild.setAttribute("d", emblem(8));
svg.classList.add("draw");
look();
