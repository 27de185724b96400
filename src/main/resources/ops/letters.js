// The dead letters, newest first, of one reason or all; their replay, always after a dry run; the mending of those that are invalid; and their dismissal, always with a reason. Both of one letter, and of all of a reason.

import {act, read, Refusal, why} from "./actuator.js";
import {hide, openDialog} from "./keyboard.js";
import {expectEnd, far, stop} from "./underway.js";
import {ago, count, element, now, say} from "./words.js";

const STEP = 20; // letters on a page
const CHECK_AFTER_MS = 300;
const MEND = {
  undecodable: "Cannot be mended: its bytes are no JSON object. Have it sent anew, then dismiss it.",
  invalid: "Cannot be mended here: a field is missing or wrong. Have it sent anew, then dismiss it.",
  refused: "Can be mended: change the constraint, trigger or column of the database that refuses it, then replay it.",
  conflict: "Its event id is that of another gift that is stored. Compare both; if this one is the true gift, delete that row, then replay it.",
};
const INVALID_GIFT = "Can be mended: correct the field that is wrong; it is sent again as the same gift.";
const AS_THEY_CAME = {
  undecodable: "Replayed as they came they die again.",
  invalid: "Replayed as they came they die again, unless limits were raised since. Mend gifts one by one.",
};
const STUB = "Cannot be mended: only its beginning was kept. The whole lies in its topic until its retention ends.";

/** What is done to many letters at once, by the name of the act. */
const ACTS = {
  replay: {path: "deadletters", choice: "Replay", words: "Replay of dead letters", doing: "Sending…", done: "sent",
    would: "would be sent, with key and content as they came", nothing: "Nothing would be sent: none of it is dead now."},
  dismissal: {path: "dismissals", choice: "Dismiss", words: "Dismissal of dead letters", doing: "Dismissing…", done: "dismissed",
    would: "would be dismissed, with this reason", nothing: "Nothing would be dismissed: none of it waits now."},
};
const DISMISSED = "They wait for nobody any more, and stay here to be read. One that is replayed and dies again waits again.";

const NOTHING = {
  "stored": "Nothing is left to do: it is stored.",
  "replaying": "It was sent again, and is on its way.",
  "erased": "Nothing is left of it: its reader was forgotten.",
};
const STATES = {dead: "dead", dismissed: "dismissed", "dead again": "dead again", replaying: "replayed, in flight", stored: "stored", erased: "erased"};

const $ = id => document.getElementById(id);
const dialog = $("replay");
const template = $("letter");

export class Letters {
  #page = 1;
  #shown = new Map(); // id to {element, letter as text}
  listing = null; // as it was last read; null when it could not be
  fault = null; // why it could not be
  #chosen = null; // what the dialog is about: the name of the act, and the letters as its endpoint takes them
  #sending = null; // likewise, while it is being sent
  #mended = null; // the id of the letter that is being mended
  #written = new Map(); // by the id of a letter: what it is to be instead, not sent yet
  #checking; // the timer of the next dry run of what is written
  #dismissed = null; // the id of the letter that the other dialog is about

  constructor() {
    $("reason").addEventListener("change", () => this.#turn(1));
    for (const [id, step] of [["newer", -1], ["older", 1]]) {
      // not disabled: the last page would take the focus away
      $(id).addEventListener("click", () => $(id).getAttribute("aria-disabled") === "true" || this.#turn(this.#page + step));
    }
    $("replay-close").addEventListener("click", () => dialog.close());
    $("replay-form").addEventListener("submit", event => {
      event.preventDefault();
      return this.#sending === this.#chosen && !this.#sending.unknown ? this.#stop() : this.#send();
    });
    $("dismiss-close").addEventListener("click", () => $("dismiss").close());
    $("dismiss-form").addEventListener("submit", event => {
      event.preventDefault();
      this.#dismiss();
    });
    $("mend-close").addEventListener("click", () => $("mend").close());
    $("mend").addEventListener("close", () => clearTimeout(this.#checking));
    $("mend-value").addEventListener("input", () => {
      this.#written.set(this.#mended, $("mend-value").value);
      $("mend-do").disabled = true;
      $("mend-found").textContent = "Checking…";
      clearTimeout(this.#checking);
      this.#checking = setTimeout(() => this.#check(), CHECK_AFTER_MS);
    });
    $("mend-form").addEventListener("submit", event => {
      event.preventDefault();
      this.#sendMended();
    });
    for (const reason of Object.keys(MEND)) {
      this.#button("replay", reason).addEventListener("click",
        () => this.#ask("replay", {reason}, `All dead letters that are ${reason}, not only those shown, but no stubs.`, AS_THEY_CAME[reason] ?? MEND[reason]));
      this.#option(reason);
    }
  }

  /** Makes the button for all of a reason. */
  #button(name, reason) {
    const button = element("button", "quiet");
    button.type = "button";
    button.id = `${name}-all-${reason}`;
    Object.assign(button.dataset, {act: name, reason});
    button.hidden = true;
    $("reasons").append(button);
    return button;
  }

  /** Makes a reason one of the choices. */
  #option(reason) {
    if (!Array.from($("reason").options).some(({value}) => value === reason)) {
      const made = element("option", "", reason);
      made.value = reason;
      $("reason").append(made);
    }
  }

  /** Shows another page of what is chosen, and has it read aloud which: not each time that there is one letter more. */
  async #turn(page) {
    this.#page = page;
    const listing = await this.refresh();
    say($("letters-turned"), $("letters-place").textContent);
    return listing;
  }

  #asked() {
    const reason = $("reason").value;
    return `deadletters?limit=${STEP}&page=${this.#page}${reason && `&reason=${encodeURIComponent(reason)}`}`;
  }

  /** Reads them again. */
  async refresh() {
    const asked = this.#asked();
    try {
      const listing = await read(asked);
      if (asked !== this.#asked()) {
        return this.listing; // another page was chosen meanwhile, and is being read
      }
      this.listing = listing;
      this.fault = null;
      const {total, letters, waiting} = listing;
      if (letters.length === 0 && this.#page > 1) {
        return this.#turn(Math.max(1, Math.min(this.#page - 1, Math.ceil(total / STEP)))); // there are fewer than there were
      }
      this.#place(total, letters.length, $("reason").value);
      const wait = waiting.reduce((sum, {letters}) => sum + letters, 0);
      say($("letters-note"), `${wait === 0 ? "None waits" : `${count(wait)} ${wait === 1 ? "waits" : "wait"}`} for somebody.`);
      waiting.forEach(({reason}) => this.#option(reason));
      for (const option of Array.from($("reason").options).slice(1)) {
        const ofReason = waiting.find(({reason}) => reason === option.value)?.letters ?? 0;
        say(option, ofReason === 0 ? option.value : `${option.value}, ${count(ofReason)} waiting`);
      }
      this.#offer(waiting);
      this.#show(letters);
    } catch (error) {
      this.listing = null;
      say($("letters-place"), "");
      this.fault = why(error);
      say($("letters-note"), `They cannot be read at the moment: ${this.fault}.`);
    }
    return this.listing;
  }

  /** What can be done to all of a reason that wait. */
  #offer(waiting) {
    waiting.filter(({reason}) => !$(`dismissal-all-${reason}`)).forEach(({reason}) => this.#button("dismissal", reason).addEventListener("click",
      () => this.#ask("dismissal", {reason}, `All dead letters that wait and are ${reason}, not only those shown, stubs too.`, DISMISSED)));
    for (const button of $("reasons").children) {
      const {act, reason} = button.dataset;
      const ofReason = waiting.find(each => each.reason === reason)?.letters ?? 0;
      hide(button, ofReason === 0);
      say(button, `${ACTS[act].choice} ${ofReason === 1 ? "the one" : `all ${count(ofReason)}`} ${reason}…`);
    }
  }

  /** Which of how many are here. */
  #place(total, here, reason) {
    const first = (this.#page - 1) * STEP + 1;
    const last = first + here - 1;
    const all = `${total === 0 ? "None" : count(total)}${reason && ` ${reason}`} in the table`;
    say($("letters-place"), here === total ? all : `${count(first)} to ${count(last)} of ${all}`);
    $("newer").setAttribute("aria-disabled", String(this.#page === 1));
    $("older").setAttribute("aria-disabled", String(last >= total));
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
      fill(entry, letter, this.listing.giftTopic);
      shown.set(letter.id, entry);
    });
    this.#shown.forEach((entry, id) => shown.has(id) || entry.remove());
    this.#shown = shown;
  }

  #make(id) {
    const entry = template.content.firstElementChild.cloneNode(true);
    const button = entry.querySelector(".content");
    const content = entry.querySelector(".content-of");
    content.id = `content-${id}`;
    button.setAttribute("aria-controls", content.id);
    entry.dataset.place = "";
    entry.querySelectorAll(".acts button").forEach(each => each.dataset.about = id);
    const words = part => entry.querySelector(part).textContent;
    entry.querySelector(".replay").addEventListener("click",
      () => this.#ask("replay", {ids: String(id)}, `The letter of ${words(".origin")}: ${words(".message")}`, words(".mend")));
    entry.querySelector(".dismiss").addEventListener("click", () => {
      this.#dismissed = id;
      $("dismiss-title").textContent = `Dismiss letter ${id}?`;
      $("dismiss-what").textContent = `The letter of ${words(".origin")}: ${words(".message")}`;
      $("dismiss-found").textContent = "";
      $("dismiss-why").value = "";
      openDialog($("dismiss"));
    });
    entry.querySelector(".mend-it").addEventListener("click", () => this.#askForContent(id, words(".message"), button.nextElementSibling));
    button.addEventListener("click", () => toggle(id, button, content));
    return entry;
  }

  /** The dry run. */
  async #ask(name, letters, words, mend) {
    const {path, choice, would, nothing} = ACTS[name];
    const what = this.#chosen = {name, letters};
    const dismisses = name === "dismissal";
    $("replay-title").textContent = letters.reason ? `${choice} all that are ${letters.reason}?` : `${choice}?`;
    $("replay-reason").hidden = !dismisses;
    $("replay-why").required = dismisses;
    $("replay-why").disabled = false;
    $("replay-why").value = "";
    $("replay-what").textContent = words;
    $("replay-mend").textContent = mend;
    $("replay-found").textContent = "Dry run…";
    $("replay-far").textContent = "";
    $("replay-send").disabled = true;
    $("replay-send").textContent = choice;
    $("replay-send").hidden = false;
    $("replay-close").textContent = "Cancel";
    openDialog(dialog);
    $(dismisses ? "replay-why" : "replay-close").focus();
    try {
      const {selected, upTo} = await act(path, {...letters, dryRun: true});
      if (this.#chosen !== what) {
        return;
      }
      if (dismisses) {
        letters.upTo = upTo; // none that came after it was counted here
      }
      $("replay-found").textContent = selected === 0 ? nothing : `${count(selected)} ${would}.`;
      $("replay-send").disabled = selected === 0;
    } catch (error) {
      $("replay-found").textContent = `The dry run failed: ${why(error)}.`;
    }
  }

  async #send() {
    const what = this.#sending = Object.assign(this.#chosen, {at: now(), lost: false, unknown: false});
    const {path, doing} = ACTS[what.name];
    $("replay-send").textContent = "Stop";
    $("replay-close").textContent = "Close";
    if (what.name === "dismissal") {
      $("replay-why").disabled = true;
      $("replay-close").focus(); // not on the button that stops it now
    }
    $("replay-found").textContent = doing;
    try {
      const {replayed, dismissed, selected, stopped} = await act(path,
        {...what.letters, ...what.name === "dismissal" && {why: $("replay-why").value}, dryRun: false});
      this.#finish(what, {letters: replayed ?? dismissed, selected, stopped});
    } catch (error) {
      if (error instanceof Refusal) {
        this.#fail(what, why(error));
      } else {
        what.lost = true; // it may go on: how it ended is asked at the next look that does not find it running
        if (what === this.#chosen) {
          $("replay-found").textContent = `No answer: ${why(error)}. What came of it is shown here once it is known.`;
        }
      }
    }
    expectEnd(what.name);
    await this.refresh();
  }

  #finish(what, result) {
    if (what === this.#chosen) {
      $("replay-found").textContent = `${outcome(what.name, result)}${result.stopped ? "" : " The list shows the outcome."}`;
      $("replay-far").textContent = "";
      $("replay-send").hidden = true;
      $("replay-close").focus();
    }
    this.#over(what);
  }

  #over(what) {
    this.#sending = this.#sending === what ? null : this.#sending;
  }

  #fail(what, reason) {
    if (what === this.#chosen) {
      this.#offerAgain(reason);
    }
    this.#over(what);
  }

  #offerAgain(reason) {
    const {done, choice} = ACTS[this.#chosen.name];
    say($("replay-found"), `Not all were ${done}: ${reason}. Trying again is safe.`);
    $("replay-far").textContent = "";
    $("replay-send").textContent = choice;
    $("replay-send").disabled = false;
    $("replay-why").disabled = false;
  }

  /**
   * Shows how an act ended that somebody began. Of one that this page has sent, and of which nothing is known, its dialog offers it again:
   * it may begin late, so that it is asked for further on.
   *
   * @param end null when none of that name has ended since the process began
   */
  ended(name, end) {
    const sending = this.#sending;
    if (sending?.name === name && sending.lost) {
      if (end && new Date(end.since) >= sending.at) {
        end.result ? this.#finish(sending, end.result) : this.#fail(sending, "it failed");
        this.refresh();
      } else if (sending === this.#chosen && dialog.open) {
        sending.unknown = true; // what asks for it may still be on its way
        this.#offerAgain("what came of it is not known");
        expectEnd(name);
      } else {
        this.#over(sending);
      }
    }
    const [words, time] = $("letters-last").children;
    if (end && ACTS[name] && !(new Date(time.dateTime) > new Date(end.until))) { // the last of all
      say(words, `${ACTS[name].words}: ${end.result ? outcome(name, end.result) : "failed."}`);
      ago(time, end.until);
      $("letters-last").hidden = false;
    }
  }

  async #askForContent(id, fault, note) {
    try {
      const {value} = await read(`deadletters/${id}`);
      if (value?.text === undefined) {
        note.textContent = "It cannot be mended here: its content is no text.";
        return;
      }
      note.textContent = "";
      this.#mended = id;
      $("mend-title").textContent = `Mend letter ${id}?`;
      $("mend-what").textContent = `What is wrong: ${fault}`;
      const written = this.#written.get(id);
      $("mend-value").value = written ?? value.text;
      $("mend-found").textContent = written === undefined ? "What you write is checked; nothing is sent yet." : "Checking what you wrote before…";
      $("mend-do").disabled = true;
      openDialog($("mend"));
      written === undefined || this.#check();
    } catch (error) {
      note.textContent = `It cannot be shown: ${why(error)}.`;
    }
  }

  /** The dry run of what is written. */
  async #check() {
    const id = this.#mended;
    const value = $("mend-value").value;
    const isWritten = () => this.#mended === id && $("mend-value").value === value;
    try {
      const {selected} = await act("deadletters", {ids: String(id), value, dryRun: true});
      if (isWritten()) {
        $("mend-found").textContent = selected === 0 ? "Nothing would be sent: it is not dead now." : "This can be stored.";
        $("mend-do").disabled = selected === 0;
      }
    } catch (error) {
      if (isWritten()) {
        $("mend-found").textContent = `Not yet: ${why(error)}.`;
      }
    }
  }

  async #sendMended() {
    const id = this.#mended;
    $("mend-do").disabled = true;
    $("mend-found").textContent = "Sending…";
    try {
      await act("deadletters", {ids: String(id), value: $("mend-value").value, dryRun: false});
      this.#written.delete(id);
      this.#mended === id && $("mend").close();
    } catch (error) {
      if (this.#mended === id) {
        $("mend-found").textContent = `Not sent, or not known: ${why(error)}. The list shows its state.`;
        $("mend-do").disabled = false;
      }
    }
    await this.refresh();
  }

  async #dismiss() {
    const id = this.#dismissed;
    $("dismiss-do").disabled = true;
    try {
      await act(`deadletters/${id}`, {why: $("dismiss-why").value});
      this.#dismissed === id && $("dismiss").close();
      await this.refresh();
    } catch (error) {
      if (this.#dismissed === id) {
        $("dismiss-found").textContent = `Not dismissed, or not known: ${why(error)}.`;
      }
    } finally {
      $("dismiss-do").disabled = false;
    }
  }

  async #stop() {
    $("replay-send").disabled = true;
    try {
      await stop(this.#sending.name);
    } catch (error) {
      $("replay-found").textContent = `Not stopped: ${why(error)}.`;
      $("replay-send").disabled = false;
    }
  }

  /** @param running what is under way in this process */
  progress(running) {
    const time = $("letters-last").lastElementChild;
    time.dateTime && ago(time, time.dateTime);
    const found = running.find(({name}) => name === this.#sending?.name);
    if (found && this.#sending === this.#chosen) {
      if (this.#sending.unknown) {
        this.#sending.unknown = false;
        $("replay-send").textContent = "Stop";
        $("replay-why").disabled = true;
      }
      // beside what is read aloud, which would not end before the next count
      say($("replay-far"), `${far(found)} ${ACTS[found.name].done}${found.stopping ? ", stopping" : ""}.`);
      say($("replay-found"), "Stopped, the others stay as they are; closed, it goes on.");
    }
  }
}

/** What came of an act, in a sentence. */
function outcome(name, {letters, selected, stopped}) {
  const {done} = ACTS[name];
  return stopped ? `${count(letters)} of ${count(selected)} ${done}, then stopped: the others are as they were.` : `${count(letters)} ${done}.`;
}

function fill(entry, letter, giftTopic) {
  const mendable = letter.reason === "invalid" && letter.topic === giftTopic && !letter.stub;
  entry.dataset.state = letter.state;
  say(entry.querySelector(".reason"), letter.reason);
  say(entry.querySelector(".letter-state"), STATES[letter.state] ?? letter.state);
  ago(entry.querySelector("time"), letter.lastFailedAt);
  say(entry.querySelector(".message"), letter.message);
  say(entry.querySelector(".mend"), letter.state === "dismissed" ? `Dismissed by ${letter.dismissedBy}: ${letter.dismissedWhy}` : NOTHING[letter.state] ?? (letter.stub ? STUB : mendable ? INVALID_GIFT : MEND[letter.reason] ?? ""));
  say(entry.querySelector(".origin"), [
    `${letter.topic}-${letter.partition} at ${letter.offset}`,
    letter.sqlState && `SQLSTATE ${letter.sqlState}`,
    `${count(letter.attempts)} ${letter.attempts === 1 ? "attempt" : "attempts"}`,
    letter.replays && `replayed ${letter.replays === 1 ? "once" : `${count(letter.replays)} times`}`,
    letter.eventId].filter(Boolean).join(" · "));
  hide(entry.querySelector(".replay"), letter.state in NOTHING || letter.stub);
  hide(entry.querySelector(".mend-it"), letter.state in NOTHING || !mendable);
  hide(entry.querySelector(".dismiss"), letter.state in NOTHING || letter.state === "dismissed");
}

/** Shows or hides key, headers and value of a letter, always as text and never as markup. */
async function toggle(id, button, content) {
  const open = content.hidden;
  if (open && !content.hasChildNodes()) {
    try {
      const {key, headers, value} = await read(`deadletters/${id}`);
      const parts = [["key", key, "key"], ...headers.map(({name, value}) => [name, value, "header"]), ["value", value, "value"]];
      content.replaceChildren(...parts.flatMap(([name, bytes, kind]) => {
        const made = element("dd", kind, bytes === null ? "(none)" : bytes.text ?? `(base64) ${bytes.base64}`);
        made.dir = "auto";
        if (kind === "value") {
          made.tabIndex = 0;
        }
        return [element("dt", "", name), made];
      }));
    } catch (error) {
      button.nextElementSibling.textContent = `It cannot be shown: ${why(error)}.`;
      return;
    }
  }
  button.nextElementSibling.textContent = "";
  content.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
  button.textContent = open ? "Hide content" : "Show content";
}
