// The newest dead letters, and their replay: always after a dry run.

import {act, read, why} from "./actuator.js";
import {ago, count, element, say} from "./words.js";

const STEP = 20;
const MOST = 200;
const REASONS = ["undecodable", "invalid", "refused"];
const STATES = {dead: "dead", "dead again": "dead again", replaying: "replayed, in flight", stored: "stored"};

const $ = id => document.getElementById(id);
const dialog = $("replay");
const template = $("letter");

export class Letters {
  #limit = STEP;
  #shown = new Map(); // id to {element, letter as text}
  #chosen = null; // what the dialog is about, as the endpoint takes it

  constructor() {
    $("more-letters").addEventListener("click", () => {
      this.#limit = Math.min(this.#limit + 2 * STEP, MOST);
      this.refresh();
    });
    $("replay-close").addEventListener("click", () => dialog.close());
    $("replay-send").addEventListener("click", () => this.#send());
    for (const reason of REASONS) {
      const button = element("button", "quiet", `Replay all ${reason}…`);
      button.type = "button";
      button.addEventListener("click", () => this.#ask({reason}, `All that are ${reason}, not only those shown.`));
      $("reasons").append(button);
    }
  }

  /** Reads them again. */
  async refresh() {
    try {
      const {total, letters} = await read(`deadletters?limit=${this.#limit}`);
      say($("letters-note"), total === 0 ? "None."
        : `${count(total)} in all${total > letters.length ? `, the newest ${letters.length} of them here` : ""}.`);
      $("reasons").hidden = total === 0;
      $("more-letters").hidden = letters.length >= total || this.#limit >= MOST;
      this.#show(letters);
    } catch (error) {
      say($("letters-note"), `They cannot be read at the moment: ${why(error)}.`);
    }
  }

  /** Keeps the elements of letters that are still there, so that scroll position and focus stay. */
  #show(letters) {
    const shown = new Map();
    letters.forEach((letter, place) => {
      const list = $("letters");
      const known = this.#shown.get(letter.id);
      const entry = known ?? this.#make(letter.id);
      if (list.children[place] !== entry) {
        list.insertBefore(entry, list.children[place] ?? null);
      }
      fill(entry, letter);
      shown.set(letter.id, entry);
    });
    this.#shown.forEach((entry, id) => shown.has(id) || entry.remove());
    this.#shown = shown;
  }

  #make(id) {
    const entry = template.content.firstElementChild.cloneNode(true);
    const button = entry.querySelector(".content");
    const value = entry.querySelector(".value");
    value.id = `value-${id}`;
    button.setAttribute("aria-controls", value.id);
    entry.querySelector(".replay").addEventListener("click",
      () => this.#ask({ids: String(id)}, entry.querySelector(".message").textContent));
    button.addEventListener("click", () => toggle(id, button, value));
    return entry;
  }

  /** The dry run. */
  async #ask(what, words) {
    this.#chosen = what;
    $("replay-what").textContent = words;
    $("replay-found").textContent = "Dry run…";
    $("replay-send").disabled = true;
    $("replay-send").hidden = false;
    $("replay-close").textContent = "Cancel";
    dialog.showModal();
    $("replay-close").focus();
    try {
      const {selected} = await act("deadletters", {...what, dryRun: true});
      if (this.#chosen !== what) {
        return;
      }
      $("replay-found").textContent = selected === 0
        ? "Nothing would be sent: none of it is dead now."
        : `${count(selected)} would be sent, with key and content as they came.`;
      $("replay-send").disabled = selected === 0;
    } catch (error) {
      $("replay-found").textContent = `The dry run failed: ${why(error)}.`;
    }
  }

  async #send() {
    const what = this.#chosen;
    $("replay-send").disabled = true;
    $("replay-found").textContent = "Sending…";
    try {
      const {replayed} = await act("deadletters", {...what, dryRun: false});
      $("replay-found").textContent = `${count(replayed)} sent. The list shows the outcome.`;
      $("replay-send").hidden = true;
      $("replay-close").textContent = "Close";
      $("replay-close").focus();
      await this.refresh();
    } catch (error) {
      $("replay-found").textContent = `Not all were sent: ${why(error)}. Trying again is safe.`;
      $("replay-send").disabled = false;
    }
  }
}

function fill(entry, letter) {
  entry.dataset.state = letter.state;
  say(entry.querySelector(".reason"), letter.reason);
  say(entry.querySelector(".letter-state"), STATES[letter.state] ?? letter.state);
  ago(entry.querySelector("time"), letter.lastFailedAt);
  say(entry.querySelector(".message"), letter.message);
  say(entry.querySelector(".origin"), [
    `${letter.topic}-${letter.partition} at ${letter.offset}`,
    letter.sqlState && `SQLSTATE ${letter.sqlState}`,
    `${count(letter.attempts)} ${letter.attempts === 1 ? "attempt" : "attempts"}`,
    letter.replays && `replayed ${letter.replays === 1 ? "once" : `${count(letter.replays)} times`}`,
    letter.eventId].filter(Boolean).join(" · "));
  entry.querySelector(".replay").hidden = letter.state === "stored" || letter.state === "replaying";
}

/** Shows or hides the content of a letter, always as text and never as markup. */
async function toggle(id, button, value) {
  const open = value.hidden;
  if (open && !value.textContent) {
    try {
      const {value: content} = await read(`deadletters/${id}`);
      value.textContent = content === null ? "(no value)" : content.text ?? `(base64) ${content.base64}`;
    } catch (error) {
      value.textContent = why(error);
    }
  }
  value.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
  button.textContent = open ? "Hide content" : "Show content";
}
