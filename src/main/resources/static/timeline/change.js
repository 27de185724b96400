// Edits, deletes and brings back a gift, and shows its history. Loaded when a reader first wants one of these.

import {Fields, insist, problemOf, randomKey} from "./save.js";
import {languageOf} from "./gift.js";
import {nameOf} from "../book/sigil.js";

const UNDO_MS = 10_000;
const FIRST_LOOK_MS = 300;
const LAST_LOOK_MS = 10_000;
const GIVE_UP_MS = 120_000;
const KEEP_MS = 300;
const DRAFT = "gibsey.edit."; // and the gift's id: what a reader has begun to write, of this window
const ONCE = "It may be saved already: saved again as it is, it is saved once.";
const UNJUDGED = ["away", "signed-out", "unknown"]; // outcomes that say nothing of a try before
const KINDS = {saved: "Left", edited: "Edited", deleted: "Deleted", restored: "Brought back"};
const time = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "short"});

export class Changes {
  #session;
  #gifts;
  #say;
  #onItsWay = new Map(); // event id to a change that is not known to be made, or a delete that can be undone yet
  #editor = null;
  #history = null; // the dialog

  /**
   * @param session who changes
   * @param gifts   on the page: find(event id), change(gift), remove(event id)
   * @param say     tells a reader who does not see the page
   */
  constructor(session, gifts, say) {
    this.#session = session;
    this.#gifts = gifts;
    this.#say = say;
  }

  /** The stream has brought a gift as it is now. Returns false when the page is to show it. */
  changed(gift) {
    const change = this.#onItsWay.get(gift.event_id);
    if (!change || change.isDeleted) {
      // deleted, and brought back elsewhere
      this.#onItsWay.delete(gift.event_id);
      return false;
    }
    change.latest = gift;
    if (change.isMadeBy(gift)) {
      change.settle("applied");
    }
    return Boolean(this.#gifts.find(gift.event_id));
  }

  /** The stream says that a gift is not shown here any more. Returns false when the page is to take it away. */
  gone(eventId) {
    const change = this.#onItsWay.get(eventId);
    if (change) {
      change.latest = null;
    }
    return Boolean(change);
  }

  /** What is written in it is kept for whoever wrote it. */
  close() {
    this.#editor?.close();
    this.#history?.close();
  }

  // ---- edit

  edit(gift) {
    if (this.#isBusy(gift)) {
      return;
    }
    this.#editor ??= new Editor(this.#session, (...edit) => this.#save(...edit));
    this.#editor.open(gift);
  }

  /** Shows an edit at once, and takes it back where it is refused: then the editor is open again with what was written. */
  async #save(gift, sets, key) {
    const shown = {...gift, ...sets};
    this.#gifts.change(shown);
    this.#note(gift, "Saving…");
    this.#gifts.find(gift.event_id)?.element.querySelector(".edit")?.focus({preventScroll: true});
    const change = this.#begin(gift, row => row.revision === change.id);
    let stopped = false;
    const wait = async (why, seconds) => {
      if (!stopped) {
        await this.#wait(gift, change,
          `${why} Your edit is kept here, and sent again by itself in ${seconds} s; it is saved once.`, "Stop trying", () => {
            stopped = true;
            change.wake();
          });
      }
      return stopped;
    };
    const {reader} = this.#session;
    const {outcome, problem, isOpen} = await this.#make(change, "PUT", gift, "", sets, key, wait);
    this.#onItsWay.delete(gift.event_id);
    const isThere = isOpen && change.latest && Object.keys(sets).every(name => sets[name] === change.latest[name]);
    if (outcome === "applied" || outcome === "queued" || isThere) {
      this.#editor.forget(gift);
      if (change.latest === null) {
        this.#gifts.remove(gift.event_id);
      } else {
        this.#gifts.change(change.latest ?? {...shown, revision: change.id});
      }
      this.#tell(gift, outcome === "queued" ? "Kept, and shown to all when the vault stores again." : "", "Saved.");
      return;
    }
    const now = outcome === "conflict" || outcome === "superseded" ? await this.#read(gift) : null;
    if (outcome === "gone" || outcome === "void") {
      // the stream may tell of it later
      change.latest ??= null;
    }
    const latest = now ?? change.latest ?? gift;
    if (change.latest === null) {
      this.#gifts.remove(gift.event_id);
    } else {
      this.#gifts.change(latest);
    }
    if (this.#session.reader && this.#session.reader !== reader) {
      // what was written is kept, and not for another to see
      return;
    }
    const reason = outcome === "stopped" && !isOpen ? "Not tried any more. It is not saved." : reasonOf(outcome, "Save again");
    this.#editor.open(latest, isOpen ? `${reason} ${ONCE}` : reason, problem, isOpen);
  }

  // ---- delete, and undo

  /**
   * @param key    of the delete
   * @param undone whether it was sent before, may be made already, and is to be brought back
   */
  async delete(gift, key = randomKey(), undone = false) {
    if (this.#isBusy(gift)) {
      return;
    }
    const change = this.#begin(gift, () => false);
    const undo = () => {
      undone = true;
      change.isDeleted = false;
      this.#comingBack(gift);
      change.wake();
    };
    const wait = async (why, seconds, isOpen) => {
      const isOver = () => undone && !isOpen;
      if (!isOver()) {
        await this.#wait(gift, change, undone
          ? `${why} It may be deleted already; it is brought back by itself once that is known, asked again in ${seconds} s.`
          : `${why} Your delete is kept here, and sent again by itself in ${seconds} s; it is done once.`, undone ? "" : "Undo", undo);
      }
      return isOver();
    };
    if (undone) {
      this.#comingBack(gift);
    } else {
      const {element} = this.#gifts.find(gift.event_id);
      element.classList.add("taken");
      this.#note(gift, "Deleted.", "Undo", undo);
      element.querySelector(".note button").focus({preventScroll: true});
      this.#say("Deleted. It can be brought back for ten seconds.");
    }
    const {reader} = this.#session;
    let {outcome, isOpen} = await this.#make(change, "DELETE", gift, "", null, key, wait, undone);
    if (isMade(outcome) && !undone) {
      change.isDeleted = true;
      this.#note(gift, outcome === "queued" ? "Kept, and deleted for all when the vault stores again." : "Deleted.", "Undo", undo);
      await this.#pause(change, UNDO_MS);
      if (!undone) {
        if (this.#onItsWay.get(gift.event_id) === change) {
          this.#onItsWay.delete(gift.event_id);
          this.#gifts.remove(gift.event_id);
        }
        return;
      }
    }
    // what may be deleted is sent on, and asked for, until that is known: brought back before, it could be deleted after
    if (outcome === "queued") {
      change.isTold = false;
      this.#stay(gift, change,
        "Your delete is kept. It is done when the vault stores again, and then brought back by itself; keep this window open until then.");
    }
    while (outcome === "queued") {
      // only whoever sent it is told of it
      isOpen = this.#session.reader !== reader;
      outcome = isOpen ? "signed-out" : await this.#look(change);
    }
    if (undone && isMade(outcome)) {
      await this.#restore(gift);
      return;
    }
    const now = outcome === "conflict" ? await this.#read(gift) : null;
    this.#onItsWay.delete(gift.event_id);
    if (undone && isOpen) {
      this.#notBack(gift, `It may be deleted already. ${reasonOf(outcome, "Try again")}`, () => this.delete(gift, key, true));
      return;
    }
    this.#gifts.change(now ?? change.latest ?? gift);
    const words = isOpen ? "It may be deleted already." : "Not deleted.";
    this.#tell(gift, undone ? "" : `${words} ${reasonOf(outcome, "Delete it again")}`, words);
  }

  /** Only of a gift whose delete is known to be made: of another one the vault says that it is there, and deletes it after. */
  async #restore(gift) {
    const change = this.#begin(gift, () => change.id !== null);
    const wait = (why, seconds) => this.#wait(gift, change,
      `${why} It is brought back once the vault takes that, asked again by itself in ${seconds} s.`);
    const {outcome, isOpen} = await this.#make(change, "POST", gift, "/restore", null, randomKey(), wait);
    // brought back elsewhere, and perhaps changed
    const now = outcome === "present" ? await this.#read(gift) : null;
    this.#onItsWay.delete(gift.event_id);
    if (outcome === "applied" || outcome === "queued" || now) {
      this.#gifts.change(change.latest ?? now ?? gift);
      this.#tell(gift, outcome === "queued" ? "Kept, and back for all when the vault stores again." : "", "It is back.");
      return;
    }
    const words = isOpen || outcome === "present" ? "It may be back already." : "Deleted, and not brought back.";
    this.#notBack(gift, `${words} ${reasonOf(outcome, "Try again")}`, () => {
      this.#comingBack(gift);
      this.#restore(gift);
    });
  }

  #notBack(gift, words, again) {
    this.#gifts.find(gift.event_id)?.element.classList.add("taken");
    this.#note(gift, words, "Try again", again);
    this.#say(words);
  }

  // ---- what became of it

  /** Whether a change of the gift is on its way, and says so: the draft of an edit that may be refused is the only copy of it. */
  #isBusy(gift) {
    const isBusy = this.#onItsWay.has(gift.event_id);
    if (isBusy) {
      this.#note(gift, "Saving… It can be changed again when that is done.");
    }
    return isBusy;
  }

  /** @param isMadeBy whether a row of the stream shows that the change is made */
  #begin(gift, isMadeBy) {
    const change = {id: null, latest: undefined, isDeleted: false, isTold: false, isMadeBy, settle: () => {}, wake: () => {}};
    this.#onItsWay.set(gift.event_id, change);
    return change;
  }

  /**
   * Sends a change until it is judged, and waits for what becomes of it.
   *
   * @param wait    as {@link insist} has it
   * @param wasOpen whether it was sent before and may be made already
   * @returns the outcome, "stopped" when nobody waited for it; what is wrong; and whether it may be made all the same
   */
  async #make(change, method, gift, path, sets, key, wait, wasOpen = false) {
    const send = () => this.#session.fetch(`/vault/gifts/${gift.event_id}${path}`, {
      method,
      headers: {
        "Idempotency-Key": key,
        ...(sets && {"Content-Type": "application/json"}),
        ...(method !== "POST" && gift.revision && {"If-Match": `"${gift.revision}"`}),
      },
      ...(sets && {body: JSON.stringify(sets)}),
    });
    const {answer, isOpen} = await insist(send, wait, wasOpen);
    if (answer === null) {
      return {outcome: "stopped", isOpen};
    }
    if (answer.status !== 202) {
      const problem = await problemOf(answer);
      const outcome = outcomeOf(answer.status, problem);
      return {outcome, problem, isOpen: isOpen && UNJUDGED.includes(outcome)};
    }
    change.id = answer.headers.get("Location").split("/").pop();
    const settled = new Promise(settle => change.settle = settle);
    // the stream may have been faster than the answer
    if (change.latest && change.isMadeBy(change.latest)) {
      change.settle("applied");
    }
    return {outcome: await Promise.race([settled, this.#look(change)])};
  }

  /** Asks for what the stream does not bring: that a change was not made. */
  async #look(change) {
    const begun = performance.now();
    for (let wait = FIRST_LOOK_MS; performance.now() - begun < GIVE_UP_MS; wait = Math.min(wait * 2, LAST_LOOK_MS)) {
      await new Promise(done => setTimeout(done, wait));
      try {
        const answer = await this.#session.fetch(`/vault/changes/${change.id}`);
        if (answer.ok) {
          return (await answer.json()).status;
        }
      } catch {
        // not reachable; asked again
      }
    }
    return "queued";
  }

  /** The gift as it is now; null when it cannot be told. */
  async #read(gift) {
    try {
      const answer = await this.#session.fetch(`/vault/gifts/${gift.event_id}`);
      const row = answer.ok ? await answer.json() : {};
      const {question, answer: words, symbol_id, lang} = row;
      const revision = answer.headers.get("ETag")?.replaceAll('"', "");
      return row.status === "stored" ? {...gift, question, answer: words, symbol_id, lang, revision} : null;
    } catch {
      return null;
    }
  }

  // ---- what the reader sees of it

  #comingBack(gift) {
    this.#gifts.change(gift);
    this.#note(gift, "Bringing it back…");
    this.#gifts.find(gift.event_id)?.element.focus({preventScroll: true});
  }

  /** A line at the gift, until the gift is shown anew. A button that stays keeps the keyboard. */
  #note(gift, words, button, action) {
    const element = this.#gifts.find(gift.event_id)?.element;
    if (!element) {
      return;
    }
    const before = element.querySelector(".note");
    if (button && before?.querySelector("button")?.textContent === button) {
      before.firstChild.data = words;
      return;
    }
    before?.remove();
    if (words) {
      const note = make("p", {class: "note"}, words);
      if (button) {
        const act = make("button", {type: "button", class: "quiet answering"}, button);
        act.addEventListener("click", action);
        note.append(" ", act);
      }
      element.append(note);
    }
  }

  /** Says for a second why a change is not made yet. */
  async #wait(gift, change, words, button, action) {
    this.#stay(gift, change, words, button, action);
    await this.#pause(change, 1_000);
  }

  /** Until it is over or the reader has done something to the change. */
  #pause(change, time) {
    return new Promise(done => {
      change.wake = done;
      setTimeout(done, time);
    });
  }

  /** Says why a change is not made yet. Meanwhile nothing else is done to the gift. */
  #stay(gift, change, words, button, action) {
    this.#note(gift, words, button, action);
    const element = this.#gifts.find(gift.event_id)?.element;
    const acts = element?.querySelector(".acts");
    if (acts?.contains(document.activeElement)) {
      (element.querySelector(".note button") ?? element).focus({preventScroll: true});
    }
    acts?.remove();
    // not each second
    change.isTold || this.#say(words);
    change.isTold = true;
  }

  #tell(gift, words, spoken = words) {
    this.#note(gift, words);
    this.#say(words || spoken);
  }

  // ---- history

  async history(gift) {
    const steps = make("ol", {class: "steps"}, make("li", {}, "Looking…"));
    const dialog = this.#history = dialogOf("What became of this gift", steps);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
    let answer;
    try {
      answer = await this.#session.fetch(`/vault/gifts/${gift.event_id}/history`);
    } catch {
      answer = {status: 0};
    }
    if (answer.ok) {
      steps.replaceChildren(...(await answer.json()).map(step => this.#step(step)));
    } else {
      steps.replaceChildren(make("li", {}, answer.status === 410
        ? "The gift is deleted; what it said is shown to nobody."
        : "The vault cannot be read at the moment. Try again in a moment."));
    }
  }

  #step({kind, made_at, by_user, sets, ...values}) {
    const mine = by_user && by_user === this.#session.reader ? ", by you" : "";
    const item = make("li", {}, make("h3", {}, `${KINDS[kind]} ${time.format(new Date(made_at))}${mine}`));
    for (const name of sets) {
      const value = name === "symbol_id"
        ? values.symbol_id === null ? "no symbol" : nameOf(values.symbol_id)
        : name === "lang" ? `Language: ${values.lang ?? "not known"}` : values[name] ?? "…";
      const lang = name === "lang" ? "en" : name === "symbol_id" ? "" : languageOf(value, values.lang);
      item.append(make("p", {class: name, dir: "auto", lang}, value));
    }
    return item;
  }
}

/** The dialog to edit a gift. What is written in it is kept until it is stored. */
class Editor {
  #dialog;
  #form;
  #fields;
  #outcome = make("p", {class: "outcome", role: "status"});
  #begun = make("p", {class: "note"}, "This is what you had begun. ");
  #gift;
  #before = {};
  #key = null;
  #keeping = 0;

  /** @param save called with gift, what is to be set of it, and the idempotency key */
  constructor(session, save) {
    const startOver = make("button", {type: "button", class: "quiet"}, "Start over");
    this.#begun.append(startOver);
    this.#form = make("form", {novalidate: ""},
      field("symbol_id", "Symbol", make("select", {}, make("option", {value: ""}, "none")), "short"),
      field("question", "Question", make("textarea", {rows: 2, dir: "auto", lang: "", required: ""})),
      field("answer", "Answer", make("textarea", {rows: 6, dir: "auto", lang: "", required: ""})),
      this.#begun,
      make("p", {class: "act"}, make("button", {type: "submit"}, "Save")),
      this.#outcome);
    this.#dialog = dialogOf("Edit this gift", this.#form);
    this.#fields = new Fields(this.#form, session.limits, () => this.#say(""));
    this.#form.addEventListener("submit", event => {
      event.preventDefault();
      this.#submit(save);
    });
    this.#form.addEventListener("input", () => {
      this.#key = null;
      clearTimeout(this.#keeping);
      this.#keeping = setTimeout(() => this.#keep(), KEEP_MS);
    });
    startOver.addEventListener("click", () => {
      this.forget(this.#gift);
      this.open(this.#gift);
    });
    this.#dialog.addEventListener("close", () => this.#keep());
    addEventListener("pagehide", () => this.#dialog.open && this.#keep());
  }

  /**
   * @param gift    as it is now
   * @param refusal why what was written was not saved
   * @param problem which of its fields are wrong
   * @param isOpen  whether it may be saved all the same, so that it is the same edit when it is sent again
   */
  open(gift, refusal = "", problem = {}, isOpen = false) {
    if (this.#dialog.open && gift !== this.#gift) {
      this.#keep();
    }
    this.#gift = gift;
    const draft = JSON.parse(sessionStorage.getItem(DRAFT + gift.event_id) ?? "null");
    this.#before = this.#original();
    this.#fields.clearErrors();
    this.#fields.values = this.#before;
    // what was not touched is as it is now, whoever changed it
    this.#fields.values = draft?.touched ?? {};
    this.#key = refusal && !isOpen ? null : draft?.key ?? null;
    for (const name of ["question", "answer"]) {
      this.#form.elements[name].lang = languageOf(gift[name], gift.lang);
    }
    this.#begun.hidden = !draft || Boolean(refusal);
    this.#say(refusal);
    if (!this.#dialog.open) {
      this.#dialog.showModal();
      this.#form.elements.question.focus();
    }
    this.#fields.markRefused(problem);
  }

  close() {
    this.#dialog.close();
  }

  forget(gift) {
    clearTimeout(this.#keeping);
    sessionStorage.removeItem(DRAFT + gift.event_id);
    this.#key = null;
  }

  /** The gift as its fields have it. */
  #original() {
    const {question, answer, symbol_id} = this.#gift;
    const lines = text => text.replace(/\r\n?/g, "\n");
    return {question: lines(question), answer: lines(answer), symbol_id: String(symbol_id ?? "")};
  }

  get #touched() {
    return Object.fromEntries(Object.entries(this.#fields.values).filter(([name, value]) => value !== this.#before[name]));
  }

  #keep() {
    clearTimeout(this.#keeping);
    const touched = this.#touched;
    if (Object.keys(touched).length) {
      sessionStorage.setItem(DRAFT + this.#gift.event_id, JSON.stringify({touched, key: this.#key}));
    } else {
      sessionStorage.removeItem(DRAFT + this.#gift.event_id);
    }
  }

  #submit(save) {
    this.#fields.clearErrors();
    if (this.#fields.markFaults()) {
      this.#say("Not saved; please mend what is marked.");
      return;
    }
    const sets = this.#touched;
    if ("symbol_id" in sets) {
      sets.symbol_id = sets.symbol_id ? Number(sets.symbol_id) : null;
    }
    this.#key ??= randomKey();
    // the answer may be there before the dialog says that it is closed
    this.#keep();
    const gift = this.#gift;
    this.#dialog.close();
    if (Object.keys(sets).length) {
      save(gift, sets, this.#key);
    }
  }

  #say(words) {
    this.#outcome.textContent = words;
    this.#outcome.dataset.outcome = words ? "refused" : "";
  }
}

/** Whether a gift is deleted, or will be. */
function isMade(outcome) {
  return outcome === "applied" || outcome === "queued" || outcome === "gone";
}

/** What an answer that is not 202 means. */
function outcomeOf(status, {type = ""}) {
  return status === 401 ? "signed-out"
    : status === 403 ? type.endsWith("readonly") ? "readonly" : "foreign"
      : status === 409 ? type.endsWith("present") ? "present" : "dead"
        : {404: "unknown", 410: "gone", 412: "conflict", 413: "large", 422: "invalid"}[status] ?? "away";
}

/** Why a change was not made, in a reader's words. */
function reasonOf(outcome, again) {
  return {
    away: `The vault takes nothing at the moment, or cannot be reached. ${again} in a moment; it is done once.`,
    conflict: `It was changed in the meantime, in another window perhaps. ${again} to have it your way.`,
    superseded: `A later change of it holds instead. ${again} to have it your way.`,
    dead: "The vault could not store this. Those who look after it can see why.",
    foreign: "It is another reader's gift.",
    gone: "The gift is deleted, and cannot be changed.",
    void: "Nothing is left of this gift.",
    invalid: "Please mend what is marked.",
    present: `It is not deleted any more, but cannot be read. ${again} in a moment.`,
    large: "Question and answer together are longer than the vault takes.",
    readonly: "Gifts cannot be changed here.",
    stopped: "Not tried any more.",
    "signed-out": `You are signed out. Sign in, then ${again.toLowerCase()}.`,
    unknown: `The vault does not have this gift yet, or not any more. ${again} in a moment.`,
  }[outcome] ?? "The vault has not said why.";
}

/** An element; its text stays text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  element.append(...children);
  return element;
}

function field(name, label, input, kind = "") {
  input.id = `edit-${name}`;
  input.name = name;
  input.setAttribute("aria-describedby", `edit-${name}-count edit-${name}-error`);
  return make("p", {class: `field ${kind}`},
    make("label", {for: input.id}, label), input,
    make("span", {class: "count", id: `${input.id}-count`}), make("span", {class: "error", id: `${input.id}-error`}));
}

function dialogOf(title, content) {
  const close = make("button", {type: "button", class: "quiet close"}, "Close");
  const heading = make("h2", {id: `dialog-${content.localName}`}, title);
  const dialog = make("dialog", {"aria-labelledby": heading.id}, heading, close, content);
  close.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  return dialog;
}
