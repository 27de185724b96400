// The form: saves a gift and follows it until it is stored.

const FIELDS = ["page_id", "question", "answer"];
const FIRST_LOOK_MS = 2_000;
const GIVE_UP_MS = 120_000;
const DRAFT = "gibsey.draft"; // what was being written when the reader went to sign in

export class SaveForm {
  #form = document.getElementById("save-form");
  #outcome = document.getElementById("outcome");
  #button = this.#form.querySelector("button");
  #waiting = new Map(); // event id to when it was saved
  #arrived = new Map(); // event id to whether it is on the page; the stream can be faster than the answer to the save
  #key = null;
  #session;
  #onScreen;

  /**
   * @param session  who saves
   * @param onScreen called with the milliseconds from save to screen of a gift that was saved here
   */
  constructor(session, onScreen) {
    this.#session = session;
    this.#onScreen = onScreen;
    this.#form.addEventListener("submit", event => {
      event.preventDefault();
      this.#submit();
    });
    // a changed gift needs a new key; the same gift sent again keeps its key and is stored once
    this.#form.addEventListener("input", () => this.#key = null);
    this.#form.addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        this.#form.requestSubmit();
      }
    });
    addEventListener("pagehide", () => this.#session.maySave || this.keep());
    this.#restore();
  }

  /** Keeps what is being written for the page that the link to sign in opens; saved there and here, it is one gift. */
  keep() {
    const fields = Object.fromEntries(FIELDS.map(name => [name, this.#form.elements[name].value]));
    if (fields.question || fields.answer) {
      this.#key ??= randomKey();
      localStorage.setItem(DRAFT, JSON.stringify({...fields, key: this.#key}));
    }
  }

  #restore() {
    const draft = localStorage.getItem(DRAFT);
    if (draft) {
      localStorage.removeItem(DRAFT);
      const fields = JSON.parse(draft);
      FIELDS.forEach(name => this.#form.elements[name].value = fields[name] ?? "");
      this.#key = fields.key;
    }
  }

  /**
   * A gift has arrived.
   *
   * @param onPage false when it is held back because the reader has scrolled down
   */
  arrived(eventId, onPage) {
    this.#arrived.delete(eventId);
    this.#arrived.set(eventId, onPage);
    if (this.#arrived.size > 1_000) {
      this.#arrived.delete(this.#arrived.keys().next().value);
    }
    const saved = this.#waiting.get(eventId);
    if (saved === undefined) {
      return;
    }
    this.#waiting.delete(eventId);
    if (onPage) {
      afterPaint(() => {
        const took = performance.now() - saved;
        this.#say("stored", `on the page after ${Math.round(took)} ms`);
        this.#onScreen(took);
      });
    } else {
      this.#say("stored", `after ${Math.round(performance.now() - saved)} ms; scroll up to see it`);
    }
  }

  /** Sends a gift and shows its state in the form. Tests measure with it, too. */
  async save(gift, key) {
    if (!this.#session.maySave) {
      this.#say("refused", "Sign in to save. What you wrote stays here.");
      return false;
    }
    const saved = performance.now();
    this.#say("sending", "");
    let answer;
    try {
      answer = await this.#session.fetch("/vault/save", {
        method: "POST",
        headers: {"Content-Type": "application/json", "Idempotency-Key": key},
        body: JSON.stringify(gift),
      });
    } catch {
      this.#say("refused", "The vault cannot be reached. Nothing is lost: save again in a moment.");
      return false;
    }
    if (answer.status === 401) {
      this.#say("refused", "You are signed out. Sign in to save; what you wrote stays here.");
      return false;
    }
    if (answer.status !== 202) {
      await this.#refused(answer);
      return false;
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

  async #submit() {
    if (this.#button.getAttribute("aria-disabled") === "true") {
      return;
    }
    this.#button.setAttribute("aria-disabled", "true");
    this.#clearErrors();
    this.#key ??= randomKey();
    const fields = Object.fromEntries(FIELDS.map(name => [name, this.#form.elements[name].value]));
    // the page number stays text, which the server accepts: a 64-bit number would be rounded
    const gift = {...fields, page_id: fields.page_id.trim() || null};
    try {
      if (await this.save(gift, this.#key)) {
        this.#key = null;
        this.#form.elements.question.value = "";
        this.#form.elements.answer.value = "";
        this.#form.elements.question.focus();
      }
    } finally {
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
      this.#say("stored", "but not among the gifts shown here");
    } else if (found.status === "dead") {
      this.#waiting.delete(eventId);
      this.#say("refused", `It could not be stored: ${found.reason}`);
    } else if (performance.now() - saved > GIVE_UP_MS) {
      this.#waiting.delete(eventId);
      this.#say("queued", "and kept; it is stored when the database is back");
    } else {
      setTimeout(() => this.#look(eventId, Math.min(wait * 2, 15_000)), wait);
    }
  }

  async #refused(answer) {
    let problem = {};
    try {
      problem = await answer.json();
    } catch {
      // an answer of a proxy, not JSON
    }
    const elsewhere = [];
    let first = null;
    for (const {pointer, reason} of problem.errors ?? []) {
      const name = pointer.replace("/", "");
      if (!FIELDS.includes(name)) {
        elsewhere.push(`${name} ${reason}`);
        continue;
      }
      const field = this.#form.elements[name];
      field.setAttribute("aria-invalid", "true");
      document.getElementById(`${name}-error`).textContent = reason;
      first ??= field;
    }
    first?.focus();
    const reason = problem.errors
      ? elsewhere.join("; ") || "Not saved; please mend what is marked."
      : `Not saved: ${problem.detail ?? problem.title ?? `the answer was ${answer.status}`}.`;
    this.#say("refused", reason);
  }

  #clearErrors() {
    for (const name of FIELDS) {
      this.#form.elements[name].removeAttribute("aria-invalid");
      document.getElementById(`${name}-error`).textContent = "";
    }
  }

  #say(outcome, detail) {
    this.#outcome.dataset.outcome = outcome;
    const words = {sending: "Sending…", queued: "Queued ", stored: "Stored, ", refused: ""}[outcome];
    const strong = document.createElement("b");
    strong.textContent = words;
    this.#outcome.replaceChildren(strong, detail);
  }
}

/** Runs after the browser has painted the last change. */
function afterPaint(action) {
  requestAnimationFrame(() => setTimeout(action));
}

/** crypto.randomUUID is only there on secure origins. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("");
}
