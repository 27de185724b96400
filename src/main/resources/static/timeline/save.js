// The form: saves a gift and follows it until it is stored.

import {NotRenewed} from "./session.js";
import {symbols} from "../book/sigil.js";
import {whyNotStored} from "./gift.js";

const TO_MEND = "Not saved; please mend what is marked.";
const TEXTS = ["question", "answer"];
const FIRST_LOOK_MS = 2_000;
const GIVE_UP_MS = 120_000;
const FIRST_AGAIN_MS = 1_000;
const KEEP_MS = 300;
const LAST_AGAIN_MS = 15_000;
const COUNT_FROM = 0.8; // of what a text may have: from there on its characters are counted
const DRAFT = "gibsey.draft"; // what is being written: of this window for a reload, of all for the way by the mail
// what is in no text that a reader sees: spaces, controls, marks of direction, fillers
const INVISIBLE = /^[\s\p{Z}\p{C}\u115f\u1160\u3164\uffa0\u2800]*$/u;
const LARGEST_PAGE = 2n ** 63n - 1n;
const ONCE = "It may be stored already: saved again as it is, it is stored once.";
const TWICE = "What was sent before may be stored already: saved as it is now, it is a second gift.";
const JUDGED = [400, 413, 415, 422]; // answers after which nothing of what was sent is stored
/** Why nothing is taken at the moment, by the reason that the answer has. */
const NOT_NOW = {
  rate: "You have saved very much in a short time.",
  share: "As much of the vault is open at your address as one may have: perhaps another window of it can be closed.",
  guesses: "Many sign-ins from your address, or from others, were refused.",
};

/** The fields of a gift in a form: what they hold, and what the vault would say to it. */
export class Fields {
  #form;
  #names;
  #limits;
  #mended;

  /**
   * @param form   has a field for each name, and for each an element whose id is the field's and "-error", for texts "-count"
   * @param limits how many characters a text may have, by its name
   * @param mended called when the last field that was marked is right
   */
  constructor(form, limits, mended) {
    this.#form = form;
    this.#names = ["page_id", "symbol_id", "question", "answer"].filter(name => form.elements[name]);
    this.#limits = limits;
    this.#mended = mended;
    for (const {id, name} of symbols) {
      form.elements.symbol_id.add(new Option(name, id));
    }
    form.addEventListener("input", ({target}) => {
      this.#count(target.name);
      if (target.getAttribute("aria-invalid")) {
        this.#mark(target.name, this.#fault(target.name));
      }
    });
    form.addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        form.requestSubmit();
      }
    });
  }

  get values() {
    return Object.fromEntries(this.#names.map(name => [name, this.#form.elements[name].value]));
  }

  /** Sets the fields that are named. */
  set values(values) {
    const symbol = this.#form.elements.symbol_id;
    if (values.symbol_id && ![...symbol.options].some(option => option.value === values.symbol_id)) {
      symbol.add(new Option(values.symbol_id, values.symbol_id));
    }
    for (const name of this.#names) {
      if (name in values) {
        this.#form.elements[name].value = values[name] ?? "";
        this.#count(name);
      }
    }
  }

  /** Marks what the vault would refuse; returns whether there is anything. */
  markFaults() {
    return this.#markAll(Object.fromEntries(this.#names.map(name => [name, this.#fault(name)])));
  }

  /** Marks what the vault has refused; returns whether there is anything to be marked. */
  markRefused(problem) {
    const faults = {};
    for (const {pointer, reason} of problem.errors ?? []) {
      const name = pointer.replace("/", "");
      if (this.#names.includes(name)) {
        faults[name] = this.#fault(name) || unexpected(name, reason);
      }
    }
    return this.#markAll(faults);
  }

  clearErrors() {
    this.#names.forEach(name => this.#put(name, ""));
  }

  /** While a gift is on its way its text stays as it was sent. */
  set readOnly(is) {
    for (const name of this.#names) {
      const field = this.#form.elements[name];
      field[field.type === "select-one" ? "disabled" : "readOnly"] = is;
    }
  }

  #markAll(faults) {
    const wrong = this.#names.filter(name => faults[name]);
    wrong.forEach(name => this.#put(name, faults[name]));
    if (wrong.length) {
      this.#form.elements[wrong[0]].focus();
    }
    return wrong.length > 0;
  }

  #mark(name, fault) {
    this.#put(name, fault);
    if (!this.#form.querySelector("[aria-invalid]")) {
      this.#mended();
    }
  }

  #put(name, fault) {
    const field = this.#form.elements[name];
    if (fault) {
      field.setAttribute("aria-invalid", "true");
    } else {
      field.removeAttribute("aria-invalid");
    }
    document.getElementById(`${field.id}-error`).textContent = fault;
  }

  /** What the vault would refuse a field for, in a reader's words; empty when nothing is known. */
  #fault(name) {
    const value = this.#form.elements[name].value;
    if (name === "page_id") {
      const page = value.trim();
      return !page ? "Of which page? Its number is needed."
        : /^[0-9]{1,19}$/.test(page) && BigInt(page) >= 1n && BigInt(page) <= LARGEST_PAGE ? ""
          : "A page is a whole number from 1 on, such as 7.";
    }
    if (!TEXTS.includes(name)) {
      return "";
    }
    const more = length(value) - this.#limits[name];
    return INVISIBLE.test(value) ? `There is no ${name} yet.`
      : more > 0 ? `This is ${more.toLocaleString("en")} ${more === 1 ? "character" : "characters"} longer than the vault takes.`
        : "";
  }

  /** Shows how many characters there are, as the vault counts them, once they come near to what it takes. */
  #count(name) {
    if (!TEXTS.includes(name)) {
      return;
    }
    const most = this.#limits[name];
    const field = this.#form.elements[name];
    const characters = length(field.value);
    const count = document.getElementById(`${field.id}-count`);
    count.textContent = characters < most * COUNT_FROM ? ""
      : `${characters.toLocaleString("en")} of ${most.toLocaleString("en")} characters`;
    count.classList.toggle("over", characters > most);
  }
}

function unexpected(name, reason) {
  return name === "symbol_id" ? "The vault does not know this symbol."
    : reason.includes("blank") ? `There is nothing to be seen in this ${name}.`
      : reason.includes("at most") ? "This is longer than the vault takes."
        : "There is something in this that the vault cannot keep.";
}

/** Why an answer that is none of those to wait for has refused a gift, when no field of it is named. */
function notSaved(status) {
  return status === 413 ? "question and answer together are longer than the vault takes."
    : status === 422 ? "the vault does not take it as it is."
      : status === 408 ? "the connection was too slow for it. Please save it again."
        : "the vault does not take gifts from this page as it is. Perhaps it does when the page is loaded again.";
}

/** What an answer says is wrong, as RFC 9457 has it; empty for an answer of a proxy. */
export async function problemOf(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}

/** Why an answer that judges nothing was given, in a reader's words. */
async function whyNotNow(answer) {
  const {type = ""} = await problemOf(answer);
  return answer.isHeldUp ? "Your sign-in cannot be renewed at the moment."
    : answer.status === 0 ? "The vault cannot be reached."
    : NOT_NOW[type.split("#").pop()] ?? "The vault takes nothing at the moment.";
}

/**
 * Sends until an answer judges what is sent, with longer and longer waits between: where it may be taken already or not, it is done
 * once, as its idempotency key is the same.
 *
 * @param send   as fetch
 * @param wait   called again and again until the next try, with why, the seconds until then, and whether what was sent may be taken;
 *               returns after a second, and whether nobody will wait any longer
 * @param isOpen whether it was sent before and may be taken already
 * @returns the answer, null when nobody waited for it; and whether one of the tries before it may be taken
 */
export async function insist(send, wait, isOpen = false) {
  for (let pause = FIRST_AGAIN_MS; ; pause = Math.min(pause * 2, LAST_AGAIN_MS)) {
    let answer;
    try {
      answer = await send();
    } catch (error) {
      answer = {status: 0, isHeldUp: error instanceof NotRenewed};
    }
    if (answer.status !== 0 && answer.status !== 429 && answer.status < 500) {
      return {answer, isOpen};
    }
    isOpen ||= answer.status !== 429 && !answer.isHeldUp;
    const asked = Number(answer.headers?.get("Retry-After")) * 1_000 || 0;
    const until = performance.now() + Math.max(pause, asked);
    const why = await whyNotNow(answer);
    for (let left; (left = Math.ceil((until - performance.now()) / 1_000)) > 0;) {
      if (await wait(why, left, isOpen)) {
        return {answer: null, isOpen};
      }
    }
  }
}

export class SaveForm {
  #form = document.getElementById("save-form");
  #outcome = document.getElementById("outcome");
  #button = this.#form.querySelector("button");
  #waiting = new Map(); // event id to when it was saved
  #arrived = new Map(); // event id to where it is instead of on the page; the stream can be faster than the answer to the save
  #stop = document.getElementById("stop");
  #resume = document.getElementById("resume");
  #giveUp = null; // while a save is tried again
  #keeping = 0;
  #key = null;
  #sent = null; // what was sent and may be stored: its fields, its key, who sent it, and whether the reader has stopped it
  #session;
  #onScreen;
  #fields;

  /**
   * @param session  who saves
   * @param onScreen called with the milliseconds from save to screen of a gift that was saved here
   */
  constructor(session, onScreen) {
    this.#session = session;
    this.#onScreen = onScreen;
    this.#fields = new Fields(this.#form, session.limits,
      () => this.#outcome.dataset.outcome === "refused" && this.#say("", ""));
    this.#form.addEventListener("submit", event => {
      event.preventDefault();
      this.#submit();
    });
    // a changed gift needs a new key; the same gift sent again keeps its key and is stored once
    this.#form.addEventListener("input", () => {
      this.#key = null;
      this.#tellOfSent();
      clearTimeout(this.#keeping);
      this.#keeping = setTimeout(() => this.#keepHere(), KEEP_MS);
    });
    this.#stop.addEventListener("click", () => this.#giveUp?.());
    this.#resume.addEventListener("click", () => {
      this.#fields.values = this.#sent.fields;
      this.#submit();
    });
    addEventListener("pagehide", () => {
      this.#keepHere();
      this.#session.maySave || this.keep();
    });
    this.#restore();
  }

  /** The page of the novel that the reader looks at, for a gift that is not begun yet. */
  suggest(page) {
    const {page_id, question, answer} = this.#fields.values;
    if (page && !question && !answer && page !== page_id) {
      this.#form.elements.page_id.value = page;
    }
  }

  /** For a reload of this window. With the key: what was sent and not answered is stored once. */
  #keepHere() {
    const fields = this.#fields.values;
    if (fields.question || fields.answer || this.#sent) {
      sessionStorage.setItem(DRAFT, JSON.stringify({...fields, key: this.#key, sent: this.#sent}));
    } else {
      sessionStorage.removeItem(DRAFT);
    }
  }

  /** Keeps what is being written for the page that the link to sign in opens; saved there and here, it is one gift. */
  keep() {
    const fields = this.#fields.values;
    if (fields.question || fields.answer) {
      this.#key = this.#keyNow();
      localStorage.setItem(DRAFT, JSON.stringify({...fields, key: this.#key, sent: this.#sent}));
    }
  }

  /** The key of what the form holds: that of what was sent, if it is the same. */
  #keyNow() {
    return this.#isAsSent() ? this.#sent.key : this.#key ?? randomKey();
  }

  get #reader() {
    return this.#session.reader ?? null;
  }

  #isAsSent() {
    const fields = this.#fields.values;
    return this.#sent !== null && Object.keys(fields).every(name => fields[name] === this.#sent.fields[name]);
  }

  /** Whoever changes what may be stored already learns that it will be two gifts, and can go back to what was sent. */
  #tellOfSent() {
    const isSecond = this.#sent !== null && !this.#isAsSent();
    const words = isSecond ? TWICE : ONCE;
    this.#resume.hidden = !isSecond;
    // not read aloud again with each letter
    if (this.#sent && this.#outcome.textContent !== words) {
      this.#say("refused", words);
    }
  }

  /** Goes on with what may be stored already, unless its reader has stopped or changed it: those learn how it stands. */
  resume() {
    if (this.#button.getAttribute("aria-disabled") === "true") {
      return;
    }
    this.#forgetOthers();
    if (!this.#sent) {
      return;
    }
    document.getElementById("save").open = true;
    if (this.#isAsSent() && !this.#sent.isStopped && this.#session.maySave) {
      this.#submit(false);
    } else {
      this.#tellOfSent();
    }
  }

  /** What one reader has sent is not for another who has signed in to send again. */
  #forgetOthers() {
    if (this.#sent && this.#session.maySave && this.#sent.reader !== this.#reader) {
      this.#sent = null;
      this.#key = null;
    }
  }

  #restore() {
    const draft = localStorage.getItem(DRAFT) ?? sessionStorage.getItem(DRAFT);
    localStorage.removeItem(DRAFT);
    if (draft) {
      const {key, sent, ...fields} = JSON.parse(draft);
      this.#fields.values = fields;
      this.#key = key;
      this.#sent = sent ?? null;
      this.resume();
    }
  }

  /**
   * A gift has arrived.
   *
   * @param elsewhere empty when it is on the page, and otherwise what to do about it, or where it is
   */
  arrived(eventId, elsewhere) {
    this.#arrived.delete(eventId);
    this.#arrived.set(eventId, elsewhere);
    if (this.#arrived.size > 1_000) {
      this.#arrived.delete(this.#arrived.keys().next().value);
    }
    const saved = this.#waiting.get(eventId);
    if (saved === undefined) {
      return;
    }
    this.#waiting.delete(eventId);
    if (!elsewhere) {
      afterPaint(() => {
        const took = performance.now() - saved;
        this.#say("stored", `on the page after ${Math.round(took)} ms`);
        this.#onScreen(took);
      });
    } else {
      this.#say("stored", `after ${Math.round(performance.now() - saved)} ms; ${elsewhere}`);
    }
  }

  /**
   * Sends a gift and shows its state in the form; again and again where it may or may not be stored, which with the same key is
   * one gift. Tests measure with it, too.
   *
   * @param isOpen whether it was sent before and may be stored already
   * @returns whether it was accepted; null when it was not, and may be stored all the same
   */
  async save(gift, key, isOpen = false) {
    if (!this.#session.maySave) {
      this.#say("refused", `Sign in to save. What you wrote stays here.${isOpen ? ` ${ONCE}` : ""}`);
      return isOpen ? null : false;
    }
    const saved = performance.now();
    const reader = this.#reader;
    let words = isOpen ? "It may be stored already; it is stored once." : "";
    const send = () => {
      this.#stop.hidden = true;
      if (this.#reader !== reader) {
        // between two tries: it would be stored as another's
        return {status: 401};
      }
      this.#say("sending", words);
      words = "";
      return this.#send(gift, key);
    };
    let answer;
    ({answer, isOpen} = await insist(send, (why, seconds) => this.#wait(why, seconds), isOpen));
    if (answer === null) {
      this.#stop.hidden = true;
      this.#say("refused", `Not tried any more. ${isOpen ? ONCE : "It is not saved; what you wrote stays here."}`);
      return isOpen ? null : false;
    }
    isOpen &&= answer.status !== 202 && !JUDGED.includes(answer.status);
    if (answer.status === 401 && this.#session.maySave && this.#reader !== reader) {
      this.#say("refused", "Another reader has signed in. What was written is not sent any more, and stays here.");
      return isOpen ? null : false;
    }
    if (answer.status === 401) {
      this.#say("refused", `You are signed out. Sign in to save; what you wrote stays here.${isOpen ? ` ${ONCE}` : ""}`);
      return isOpen ? null : false;
    }
    if (answer.status !== 202) {
      this.#say("refused", this.#fields.markRefused(await problemOf(answer)) ? TO_MEND
        : `Not saved: ${notSaved(answer.status)} What you wrote stays here.${isOpen ? ` ${ONCE}` : ""}`);
      return isOpen ? null : false;
    }
    this.#say("queued", `after ${Math.round(performance.now() - saved)} ms`);
    const eventId = answer.headers.get("Location").split("/").pop();
    this.#waiting.set(eventId, saved);
    if (this.#arrived.has(eventId)) {
      this.arrived(eventId, this.#arrived.get(eventId));
    } else {
      setTimeout(() => this.#look(eventId, FIRST_LOOK_MS), FIRST_LOOK_MS);
    }
    return true;
  }

  #send(gift, key) {
    return this.#session.fetch("/vault/save", {
      method: "POST",
      headers: {"Content-Type": "application/json", "Idempotency-Key": key},
      body: JSON.stringify(gift),
    });
  }

  /** Says for a second what is the matter. Returns whether the reader will not wait any longer. */
  async #wait(why, seconds) {
    this.#say("waiting", `${why} What you wrote is kept here, and sent again by itself in ${seconds} s; it is stored once.`);
    this.#stop.hidden = false;
    const stopped = await new Promise(done => {
      this.#giveUp = () => done(true);
      setTimeout(() => done(false), 1_000);
    });
    this.#giveUp = null;
    return stopped;
  }

  /** @param isByHand whether the reader asks for it, and not a page that was loaded again */
  async #submit(isByHand = true) {
    if (this.#button.getAttribute("aria-disabled") === "true") {
      return;
    }
    this.#fields.clearErrors();
    if (this.#session.maySave && this.#fields.markFaults()) {
      this.#say("refused", TO_MEND);
      return;
    }
    this.#button.setAttribute("aria-disabled", "true");
    const isOpen = this.#isAsSent();
    const before = isOpen ? null : this.#sent;
    const key = this.#key = this.#keyNow();
    const fields = this.#fields.values;
    if (this.#session.maySave) {
      // known before it is sent: the page may be left before the answer is there
      this.#sent = {fields, key, reader: this.#reader, isStopped: false};
    }
    this.#resume.hidden = true;
    this.#keepHere();
    // the page number stays text, which the server accepts: a 64-bit number would be rounded
    const gift = {
      ...fields,
      page_id: fields.page_id.trim() || null,
      symbol_id: fields.symbol_id ? Number(fields.symbol_id) : null,
    };
    this.#fields.readOnly = true;
    try {
      const isSaved = await this.save(gift, key, isOpen);
      if (isSaved === null) {
        this.#sent.isStopped = this.#session.maySave;
      } else {
        this.#sent = isSaved ? null : before;
      }
      this.#forgetOthers();
      if (isSaved) {
        this.#key = null;
        this.#fields.values = {question: "", answer: ""};
        isByHand && this.#form.elements.question.focus();
      }
      this.#keepHere();
    } finally {
      this.#fields.readOnly = false;
      this.#button.removeAttribute("aria-disabled");
    }
  }

  /** Asks for a gift that the stream did not bring: it may be filtered out, late, or dead. */
  async #look(eventId, wait) {
    const saved = this.#waiting.get(eventId);
    if (saved === undefined) {
      return;
    }
    let found = {};
    try {
      const answer = await this.#session.fetch(`/vault/gifts/${eventId}`);
      found = answer.ok ? await answer.json() : {};
    } catch {
      // not reachable; asked again below
    }
    if (!this.#waiting.has(eventId)) {
      return;
    }
    if (found.status === "stored") {
      this.#waiting.delete(eventId);
      // saved once more after its answer was lost, it may have been there all the time
      this.#say("stored", document.querySelector(`[data-event="${eventId}"]`) ? "on the page" : "but not among the gifts shown here");
    } else if (found.status === "dead") {
      this.#waiting.delete(eventId);
      this.#say("refused", `It could not be stored: ${whyNotStored(found.reason)}`);
    } else if (performance.now() - saved > GIVE_UP_MS) {
      this.#waiting.delete(eventId);
      this.#say("queued", "and kept; it is stored when the vault stores again");
    } else {
      setTimeout(() => this.#look(eventId, Math.min(wait * 2, 15_000)), wait);
    }
  }

  #say(outcome, detail) {
    this.#outcome.dataset.outcome = outcome;
    const words = {sending: "Sending… ", queued: "Queued ", stored: "Stored, ", }[outcome] ?? "";
    const strong = document.createElement("b");
    strong.textContent = words;
    this.#outcome.replaceChildren(strong, detail);
  }
}

/** Runs after the browser has painted the last change. */
function afterPaint(action) {
  requestAnimationFrame(() => setTimeout(action));
}

/** In code points. */
function length(text) {
  // no pair of surrogates, no list of characters: a text may be long
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/** crypto.randomUUID is only there on secure origins. */
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("");
}
