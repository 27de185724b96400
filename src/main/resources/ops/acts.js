// What an operator does, always after a question that says what it means: starts, stops, suspends and resumes a route.

import {act, why} from "./actuator.js";
import {openDialog} from "./keyboard.js";
import {element} from "./words.js";

const $ = id => document.getElementById(id);
const dialog = $("act");

/** What can be done with a route in a state. */
const CHOICES = {Started: ["Suspend", "Stop"], Suspended: ["Resume", "Stop"], Stopped: ["Start"]};

const STOPPED = {
  "kafka": "It leaves its consumer group: another worker takes its partitions over; without one, what it reads waits in the topic until it is started.",
  "platform-http": "Who calls it is answered 503 until it is started.",
  "timer": "What it does from time to time is not done until it is started.",
};
const SUSPENDED = {
  ...STOPPED,
  "kafka": "It stays in its consumer group and keeps its partitions: what they get waits in the topic until it is resumed, and no other worker reads it.",
};
/** When one needs it. */
const NEEDED = {
  Stop: {
    "kafka": "It may be needed when what it writes to is worked on for long, or another worker shall take its place.",
    "platform-http": "It may be needed to keep callers away while what they would reach is mended.",
    "timer": "It may be needed when what it does burdens the database, until that is mended.",
  },
  Suspend: {
    "kafka": "It may be needed for a short pause, such as a lock on a table: nothing moves to another worker meanwhile.",
    "platform-http": "It may be needed to keep callers away for a moment.",
    "timer": "It may be needed for a moment in which the database has something better to do.",
  },
};
const MEANS = {
  Stop: ({from}) => `${STOPPED[from] ?? "What uses it fails until it is started."} Nothing that was accepted is lost. This process may count as not ready meanwhile.`,
  Suspend: ({from}) => `${SUSPENDED[from] ?? STOPPED[from] ?? "What uses it fails until it is resumed."} Nothing that was accepted is lost. This process may count as not ready meanwhile.`,
  Start: () => "It goes on where it stopped, with the content of its file that was live then.",
  Resume: () => "It goes on where it was suspended.",
};

let chosen = null;
let acted = () => {};

/** @param then called when something was done */
export function whenActed(then) {
  acted = then;
}

/** Puts the buttons for a route into an element; worst: only the one that makes it run. */
export function offer(place, route, onlyMending = false) {
  for (const choice of CHOICES[route.state] ?? []) {
    if (!onlyMending || choice === "Start" || choice === "Resume") {
      const button = element("button", "quiet", `${choice}…`);
      button.type = "button";
      button.setAttribute("aria-label", `${choice} ${route.id}…`);
      button.dataset.about = route.id;
      button.addEventListener("click", () => askAbout(choice, route));
      place.append(button, " ");
    }
  }
}

function askAbout(choice, route) {
  ask({title: `${choice} ${route.id}?`, what: route.description ?? "", means: [MEANS[choice](route), NEEDED[choice]?.[route.from]].filter(Boolean).join(" "), choice,
    does: () => act(`camelroutes/${encodeURIComponent(route.id)}/${choice.toLowerCase()}`, {}), fails: "The list of routes shows its state."});
}

/**
 * Asks.
 *
 * @param does  what is done when the answer is yes
 * @param fails where to see what came of it when that is not known
 */
export function ask({title, what, means, choice, does, fails}) {
  chosen = {does, fails};
  $("act-title").textContent = title;
  $("act-what").textContent = what;
  $("act-means").textContent = means;
  $("act-found").textContent = "";
  $("act-do").textContent = choice;
  $("act-do").disabled = false;
  openDialog(dialog);
  $("act-close").focus();
}

$("act-close").addEventListener("click", () => dialog.close());
$("act-do").addEventListener("click", async () => {
  const asked = chosen;
  $("act-do").disabled = true;
  $("act-found").textContent = "Waiting…";
  try {
    await asked.does();
    chosen === asked && dialog.close();
  } catch (error) {
    if (chosen === asked) {
      $("act-found").textContent = `Not done, or not known: ${why(error)}. ${asked.fails}`;
      $("act-do").disabled = false;
    }
  }
  acted();
});
