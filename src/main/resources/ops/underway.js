// What takes long in this process: how far it is, and stopping it, after a question that says what that leaves behind.

import {act} from "./actuator.js";
import {ask} from "./acts.js";
import {ago, count, element, say} from "./words.js";

const KINDS = {
  adoption: {words: "Adoption of the old table", of: "MB, by estimate",
    means: "It is undone as a whole: the old table is as it was. This process stays not ready, and begins again when it is started again; another worker begins as well."},
  audit: {words: "Audit of the whole topic", of: "events",
    means: "There is no verdict then: of what it did not come to nothing is known. It changes nothing; where it sends again what has no place, what was sent stays sent, which does no harm."},
  replay: {words: "Replay of dead letters", of: "letters",
    means: "What was sent until then is sent; the others stay the dead letters they are, and can be replayed later."},
};

const $ = id => document.getElementById(id);
let shown = "";

/** Asks it to stop when it is done with what it has in hand. */
export function stop(name) {
  return act(`acts/${encodeURIComponent(name)}`, {});
}

/** @param running /actuator/acts */
export function showUnderWay(running) {
  const list = $("under-way");
  const names = running.map(({name}) => name).join();
  if (names !== shown) {
    shown = names;
    list.replaceChildren(...running.map(make));
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
  item.querySelector("button").hidden = state.stopping;
}
