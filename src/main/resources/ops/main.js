// The operators' page: reads the endpoints of this port, less often while another tab is in front.

import {act, read, readText, Refusal, remember, TokenNeeded, why} from "./actuator.js";
import {concerns, lost, show} from "./concerns.js";
import {offer, whenActed} from "./acts.js";
import {emblem} from "./book/sigil.js";
import {Course} from "./course.js";
import {Letters} from "./letters.js";
import {Loop, parts, walked} from "./loop.js";
import {Reading} from "./metrics.js";
import {loseRoutes, showRoutes} from "./routes.js";
import {expectEnd, showUnderWay, tellEnds} from "./underway.js";
import {ago, now, say} from "./words.js";
import {fault as groupsFault, latest as groups, showWorkers} from "./workers.js";

const EVERY_MS = 1_500;
const EVERY_MS_BEHIND = 15_000; // title and icon tell it there
const LETTERS_EVERY = 2; // rounds
const HISTORY_EVERY = 2;
const CHARTS_EVERY = 6;
const METRICS = `prometheus?includedNames=${[
  "gifts_accepted", "gifts_rejected", "gifts_stored", "gifts_dead", "gifts_stored_latency_seconds", "gifts_lag_records",
  "gifts_lag_seconds", "gifts_unaccounted", "gifts_ledger_round_age_seconds", "erasures_oldest_seconds"]}`;

const $ = id => document.getElementById(id);
const loop = new Loop();
const letters = new Letters();
const course = new Course();
let rounds = 0;
let looking = false;
let next;
let answered = new Date(); // when the process last answered, by its own clock

async function look() {
  if (looking || !$("token").hidden) {
    return;
  }
  clearTimeout(next);
  looking = true;
  try {
    await round();
  } catch (error) {
    // never the verdict of before
    show([{severity: "unknown", what: "This page cannot show what it reads", todo: "Reload it. If that does not help, report it as a bug: the console of the browser names the line.", section: "where-to-look"}]);
    console.error(error);
  }
  looking = false;
  if ($("token").hidden) {
    next = setTimeout(look, document.hidden ? EVERY_MS_BEHIND : EVERY_MS);
  }
}

async function round() {
  const [health, metrics, live, acts, waiting, past] = await Promise.allSettled([
    read("health/readiness", {also: [503]}), readText(METRICS), read("liveroutes"), read("acts"),
    rounds % LETTERS_EVERY === 0 ? letters.refresh() : letters.listing, rounds % HISTORY_EVERY === 0 ? course.read(rounds % CHARTS_EVERY === 0) : course.latest,
    (rounds % CHARTS_EVERY === 0 || !groups?.groups.length) && showWorkers()]); // what is not known is asked at each round
  rounds++;
  showHealth(health);
  const token = [live, metrics].find(({reason}) => reason instanceof TokenNeeded);
  if (token) {
    ask(token.reason, health);
    return;
  }
  const reading = metrics.status === "fulfilled" ? new Reading(metrics.value, performance.now()) : null;
  showUnderWay(acts.value ?? []);
  letters.progress(acts.value ?? []);
  if (acts.value) {
    showAudit(acts.value);
    await tellEnds(acts.value, (name, end) => name === "audit" ? showVerdict(end) : letters.ended(name, end));
  }
  const does = live.value ?? {saves: true, stores: true};
  if (reading) {
    loop.show(reading, does, waiting.value);
  } else {
    loop.lost();
  }
  if (live.value) {
    showRoutes(live.value);
    say($("role"), role(does));
  } else {
    loseRoutes(why(live.reason));
  }
  if (health.status === "rejected") {
    show(lost(answered, why(health.reason)));
  } else {
    answered = new Date(now());
    const unread = {live: fault(live), reading: fault(metrics), letters: letters.fault, history: course.fault, acts: fault(acts), groups: groupsFault};
    show(concerns({health: health.value, live: live.value, reading, letters: waiting.value, history: past.value ?? null, groups,
      unread: Object.fromEntries(Object.entries(unread).filter(([, reason]) => reason))}),
      (place, route) => offer(place, route, true));
    say($("read"), `Read at ${answered.toLocaleTimeString("en-GB")}`);
  }
  document.body.removeAttribute("aria-busy");
}

/** Why it was not read; null when it was. */
function fault({status, reason}) {
  return status === "rejected" ? why(reason) : null;
}

/** Nothing more is read until there is a token. */
function ask(reason, health) {
  const ready = health.value?.status === "UP" ? "ready" : "not ready";
  show([{severity: "unknown", what: "This needs a token", todo: `Without one the process says no more than that it is ${ready}.`, section: "where-to-look"}]);
  document.body.removeAttribute("aria-busy");
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
    state.dataset.state = "unknown";
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
  return saves && stores ? "Its task: to take saves and to store them."
    : saves ? "Its task: to take saves; it leaves storing to the workers."
      : stores ? "A worker. Its task: to store what others accept."
        : "It neither takes saves nor stores them.";
}

document.addEventListener("visibilitychange", look);
whenActed(look);

let asked = false; // for an audit, and there is no answer yet
let askedAt = 0; // ms, by the clock of the process: what ended before is no answer

/** An audit that runs, whoever began it and wherever. */
function showAudit(running) {
  const runs = asked || running.some(({name}) => name === "audit");
  $("walk").setAttribute("aria-disabled", String(runs));
  if (runs) {
    say($("walked"), "Auditing…");
    say($("walked-at"), "");
  } else if ($("walked-at").textContent) {
    ago($("walked-at"), $("walked-at").dateTime);
  }
}

/** @param end how the last audit ended: null when none has since the process began */
function showVerdict(end) {
  if (asked) {
    return; // another has begun
  }
  if (end && new Date(end.since) >= askedAt) {
    say($("walked"), end.result ? walked(end.result) : "The audit failed.");
    ago($("walked-at"), end.until);
  } else if ($("walked").textContent) {
    say($("walked"), "What came of the audit is not known.");
  }
}

$("walk").addEventListener("click", async () => {
  if ($("walk").getAttribute("aria-disabled") === "true") {
    return;
  }
  asked = true;
  askedAt = now();
  showAudit([]);
  try {
    await act("ledger", {});
  } catch (error) {
    if (error instanceof Refusal) {
      say($("walked"), `The audit failed: ${why(error)}.`);
      asked = false;
      askedAt = 0;
      showAudit([]);
      return;
    }
    // it may go on: how it ended is asked at the next look that does not find it running
  }
  asked = false;
  expectEnd("audit");
  look();
});

const svg = $("emblem");
svg.firstElementChild.setAttribute("d", emblem(8));
svg.classList.add("draw");
look();
