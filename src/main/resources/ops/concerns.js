// Whether it is well; if not, what is not, since when and what to do: the first line of the page, its title and its icon.

import {redraw} from "./keyboard.js";
import {ago, count, element, say, withoutFigures} from "./words.js";

// as the alerts say it, which a test compares, with how urgent each is: critical is an alarm here, warning a warn
const LONG_LAG_S = 60;
const LONG_ERASURE_S = 3_600;
const FIRST = ["alarm", "warn", "unknown"]; // something to do stands before what is not known
const WORST = ["alarm", "unknown", "warn"];
const MARKS = {unknown: "?", alarm: "▲", warn: "◆", well: "✓"};
const ANSWERS = {unknown: "Unknown", alarm: "Not well", warn: "Well, but look", well: "Well"};
const NAME = "Behind the Gibsey Vault";
const RUNNING = ["Started", "Exchanging"];

const PARTS = {
  broker: "Bring it back, or mend what the reason names. Saves are answered 503 meanwhile; what was accepted is safe.",
  database: "Bring it back. Gifts are accepted meanwhile, and wait in the topic.",
  consumer: "Mend what the reason names; it goes on by itself. Gifts are accepted meanwhile, and wait in the topic.",
};

/** What the process itself finds over some minutes, with the thresholds of the alerts, and notes down in its history. */
const NOTED = {
  saves: {severity: "alarm", section: "giftspinesavesfail", todo: "See below for what they were refused, and mend that. What was accepted is safe."},
  changes: {severity: "alarm", section: "giftspinechangesfail", todo: "A change needs broker and database: see which is down. Each reader was told."},
  pace: {severity: "warn", section: "giftspinesavesslow", todo: "Nearly always the broker is slow: see its disk, its replicas and its network."},
  audit: {severity: "warn", section: "giftspineledgerstandsstill", todo: "If a gift were lost now, nobody would notice: see whether index-dead-letters runs."},
};

/** What nobody can say while a part is not read. */
const NOT_KNOWN = {
  live: "how its routes are",
  reading: "whether gifts wait, or are lost",
  letters: "whether dead letters wait",
  history: "whether saves and changes fail",
  acts: "what is under way",
  groups: "who is in the consumer groups",
};

const LETTERS = {
  undecodable: "Cannot be mended: have it sent anew, then dismiss it.",
  invalid: "See what is wrong, mend it and replay it.",
  refused: "Change what the database refuses, then replay.",
  conflict: "Find out who gives ids that are another gift's.",
};

const $ = id => document.getElementById(id);

/**
 * What somebody has to do something about, the worst first. What was not read is null.
 *
 * @param health  readiness
 * @param live    the route files
 * @param reading the metrics
 * @param letters the dead letters
 * @param history what was not well before
 * @param groups  who is in the consumer groups
 * @param unread  why what was not read was not, by its name here
 */
export function concerns({health, live, reading, letters, history, groups, unread = {}}) {
  const found = [];
  const since = part => history?.incidents.find(incident => incident.part === part && !incident.until)?.since;
  const add = (severity, what, since, todo, section, more) => found.push({severity, what, since, todo, section, ...more});

  const stopped = live ? stoppedRoutes(live) : [];
  for (const route of stopped) {
    add(route.required ? "alarm" : "warn", `Route ${route.id} is ${route.state.toLowerCase()}`, route.stoppedSince, `${meaning(route)} ${
      route.state === "Missing" ? "Its file does not run: see below what is wrong with it." : "Start it, unless somebody stopped it on purpose."}`,
    "giftspinenotready", {route});
  }
  for (const [part, {status, details}] of Object.entries(health?.components ?? {})) {
    const reason = details?.reason ?? status.toLowerCase().replaceAll("_", " ");
    if (status === "UP" || status === "UNKNOWN" || part === "routes" && stopped.length > 0
        || part === "consumer" && stopped.length > 0 && reason.split("; ").every(each => /^route \S+ is \w+$/.test(each))) {
      continue;
    }
    if (part === "readinessState") {
      add("warn", "The process starts or shuts down", null, "Nothing, if that was on purpose.", "where-to-look");
    } else {
      add(status === "AWAY" ? "warn" : "alarm", `${capital(part)}: ${reason}`, since(part) ?? details?.since,
        PARTS[part] ?? "Mend what the reason names.", part === "consumer" ? "giftspinelag" : "giftspinenotready");
    }
  }
  for (const {part, reason, since} of history?.incidents.filter(({part, until}) => !until && NOTED[part]) ?? []) {
    const {severity, section, todo} = NOTED[part];
    add(severity, `${capital(part)}: ${reason}`, since, todo, section);
  }
  const lost = reading?.value("gifts_unaccounted");
  if (lost > 0) {
    add("alarm", `${count(lost)} ${lost === 1 ? "event is" : "events are"} neither row nor dead letter`, since("ledger"),
      "They are in the topic still: audit the whole topic, and send them again.", "giftspineledgernotbalanced");
  }
  for (const {reason, letters: waiting, since} of letters?.waiting ?? []) {
    const conflict = reason === "conflict";
    add("warn", `${count(waiting)} ${waiting === 1 ? "dead letter waits" : "dead letters wait"}: ${reason}`, since,
      LETTERS[reason] ?? "See what each would take.",
      conflict ? "giftspineconflicts" : "giftspinedeadletters", {anchor: "letters-title"});
  }
  const lag = reading?.value("gifts_lag_seconds");
  if (lag > LONG_LAG_S && !found.some(({section}) => section === "giftspinelag")) {
    add("alarm", "Gifts wait for more than a minute to be stored", since("lag"), "See what the workers wait for, or add some.", "giftspinelag");
  }
  for (const {file, notTaken} of live?.files.filter(file => file.notTaken) ?? []) {
    add("warn", `The edit of ${file} was ${notTaken.outcome.toLowerCase().replace("_", " ")}`, notTaken.at,
      "What ran before goes on. Correct the file, or put the old content back.", "giftspineeditnottaken", {anchor: "routes-title"});
  }
  if (live?.folderProblem) {
    add("warn", `The route files cannot be read: ${live.folderProblem}`, null, "What runs goes on.", "giftspineeditnottaken");
  }
  if (reading?.value("erasures_oldest_seconds") > LONG_ERASURE_S) {
    add("warn", "A reader has waited for more than an hour to be forgotten", null, "See whether erase-readers runs.", "giftspineerasureunfinished");
  }
  const notKnown = (what, reason) => add("unknown", `It is not known ${what}: ${reason}`, null,
    "It is asked again by itself. If it stays so, see the end of the log of the process.", "where-to-look");
  Object.entries(unread).forEach(([part, reason]) => notKnown(NOT_KNOWN[part], reason));
  // a broker that is away says it itself
  const brokerIsThere = !found.some(({section}) => section === "giftspinenotready" || section === "giftspinelag");
  if (Number.isNaN(lag) && brokerIsThere) {
    notKnown("whether gifts wait", "the broker does not say");
  }
  if (groups?.problem && brokerIsThere) {
    notKnown(NOT_KNOWN.groups, `the broker does not say: ${groups.problem}`);
  }
  if (Number.isNaN(lost)) {
    notKnown("whether gifts are lost", "the process does not say");
  }
  return found.sort((one, other) => FIRST.indexOf(one.severity) - FIRST.indexOf(other.severity));
}

function capital(word) {
  return `${word[0].toUpperCase()}${word.slice(1)}`;
}

/** That the process does not answer. */
export function lost(since, reason) {
  return [{severity: "unknown", what: `No answer: ${reason}`, since, section: "giftspinedown",
    todo: "What is shown is from before, or not known. See whether the process runs, and the end of its log."}];
}

/** Routes that do not run, with whether readiness needs them. */
function stoppedRoutes(live) {
  const inFiles = live.files.flatMap(({routes}) => routes).filter(({state}) => !RUNNING.includes(state))
    .map(route => ({...route, required: live.missing.includes(route.id)}));
  const known = new Set(inFiles.map(({id}) => id));
  return [...inFiles, ...live.missing.filter(id => !known.has(id)).map(id => ({id, state: "Missing", required: true}))]
    .sort((one, other) => other.required - one.required);
}

/** What it means that a route does not run, by its input. */
export function meaning({from}) {
  return from === "kafka" ? "What it reads waits in the topic, and is read when it runs again; nothing is lost."
    : from === "timer" ? "What it does from time to time is not done."
      : from ? "Who calls it is answered 503; nothing accepted is lost."
        : "Who calls it is answered 404.";
}

let shown = "";

// what stays below it is told its height, and who has scrolled past it is told the worst
new ResizeObserver(() => document.documentElement.style.setProperty("--first", `${$("first").offsetHeight}px`)).observe($("first"));
// of several entries the last one is how it is now
new IntersectionObserver(entries => document.body.classList.toggle("away", !entries.at(-1).isIntersecting)).observe($("first"));

/**
 * Shows them.
 *
 * @param act called with an element to put what can be done into, and the route, where one is concerned
 */
export function show(list, act) {
  const severity = WORST.find(each => list.some(concern => concern.severity === each)) ?? "well";
  const news = JSON.stringify(list);
  if (news === shown) {
    $("concerns").querySelectorAll("time").forEach(time => ago(time, time.dateTime));
    return;
  }
  shown = news;
  document.body.dataset.severity = severity;
  say($("verdict"), ANSWERS[severity]);
  const aloud = [ANSWERS[severity], list[0]?.what].filter(Boolean).join(": ");
  if (withoutFigures(aloud) !== withoutFigures($("said").textContent)) {
    say($("said"), aloud);
  }
  $("well").hidden = list.length > 0;
  redraw($("concerns"), list.map(concern => item(concern, act)));
  say($("afar"), list.length === 0 ? "" : `${MARKS[severity]} ${list[0].what}`);
  document.title = list.length === 0 ? `${MARKS.well} Well · ${NAME}` : `${MARKS[severity]} ${list[0].what} · ${NAME}`;
  document.querySelector("link[rel=icon]").href = `ops/icon-${severity}.svg`;
}

function item({severity, what, since, todo, section, anchor, route}, act) {
  const made = element("li", "concern");
  made.dataset.severity = severity;
  const head = element("p", "head");
  head.append(element("b", "what", what));
  if (since) {
    const time = element("time", "");
    ago(time, since);
    head.append(" ", time);
  }
  const more = element("p", "todo", `${todo} `);
  const links = [["Runbook", `ops/runbook.html#${section}`, what], ...anchor ? [["Look", `#${anchor}`, what]] : []];
  for (const [words, address, about] of links) {
    const link = element("a", "", words);
    link.href = address;
    link.setAttribute("aria-label", `${words}: ${about}`);
    more.append(link, " ");
  }
  if (route) {
    act(more, route);
  }
  made.append(head, more);
  return made;
}
