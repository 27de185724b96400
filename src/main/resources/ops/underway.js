// What takes long in this process: how far it is, stopping it, after a question that says what that leaves behind, and how it ended.

import {act, read} from "./actuator.js";
import {ask} from "./acts.js";
import {hide, redraw} from "./keyboard.js";
import {ago, count, element, say} from "./words.js";

const KINDS = {
  adoption: {words: "Adoption of the old table", of: "MB, by estimate",
    means: "It is undone as a whole: the old table is as it was. This process stays not ready, and begins again when it is started again; another worker begins as well."},
  audit: {words: "Audit of the whole topic", of: "events",
    means: "There is no verdict then: of what it did not come to nothing is known. It changes nothing; where it sends again what has no place, what was sent stays sent, which does no harm."},
  replay: {words: "Replay of dead letters", of: "letters",
    means: "What was sent until then is sent; the others stay the dead letters they are, and can be replayed later."},
  dismissal: {words: "Dismissal of dead letters", of: "letters",
    means: "What was dismissed until then is dismissed; the others wait as before."},
};

const $ = id => document.getElementById(id);
let shown = "";

/** Of what the server is to tell how it ended: at first of all that may have run before this page was opened. */
const toTell = new Set(["audit", "replay", "dismissal"]);

/** Asks it to stop when it is done with what it has in hand. */
export function stop(name) {
  return act(`acts/${encodeURIComponent(name)}`, {});
}

/** Whoever began it got no answer, or got it: how it ended is asked once it does not run any more. */
export function expectEnd(name) {
  toTell.add(name);
}

/**
 * Asks how those ended that do not run any more: a page that was reloaded or had no answer in time learns it so.
 *
 * @param running /actuator/acts
 * @param show    called with the name of each, and {since, until, result}, or null when none of that name has ended
 */
export async function tellEnds(running, show) {
  const names = running.map(({name}) => name);
  names.forEach(expectEnd);
  await Promise.all(Array.from(toTell).filter(name => !names.includes(name)).map(async name => {
    try {
      const {ended} = await read(`acts/${encodeURIComponent(name)}`);
      toTell.delete(name);
      show(name, ended);
    } catch {
      // it is asked again at the next look
    }
  }));
}

/** @param running /actuator/acts */
export function showUnderWay(running) {
  const list = $("under-way");
  const names = running.map(({name}) => name).join();
  if (names !== shown) {
    shown = names;
    redraw(list, running.map(make));
  }
  running.forEach((state, place) => fill(list.children[place], state));
}

/** How far it is, in words. */
export function far({name, done, of}) {
  return `${count(done)} of ${count(of)} ${KINDS[name]?.of ?? ""}`.trim();
}

function make({name}) {
  const item = element("li", "");
  const button = element("button", "quiet", "Stop…");
  const words = KINDS[name]?.words ?? name;
  button.type = "button";
  button.setAttribute("aria-label", `Stop: ${words}…`);
  button.addEventListener("click", () => ask({
    title: `Stop the ${name}?`, what: `${words}: ${item.querySelector(".far").textContent}`,
    means: KINDS[name]?.means ?? "", choice: "Stop", does: () => stop(name), fails: "What is under way is shown at the top."}));
  item.append(element("b", "", words), " ", element("span", "far"), " ", element("time", ""), " ", button);
  return item;
}

function fill(item, state) {
  say(item.querySelector(".far"), `${far(state)}${state.stopping ? ", stopping" : ""}`);
  ago(item.querySelector("time"), state.since);
  hide(item.querySelector("button"), state.stopping);
}
