// The live stream: open again whenever it breaks, from where it broke, with patience.

const SILENCE_MS = 45_000; // three heartbeats, and half as long again as the longest allowed
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

export class Stream {
  #source = null;
  #lastId = "";
  #query = "";
  #wait = FIRST_WAIT_MS;
  #timer = 0;
  #watchdog = 0;
  #handlers;

  /** @param handlers gift(json), position({live}), reset(), opening(), opened(), lost(ms until the next attempt) */
  constructor(handlers) {
    this.#handlers = handlers;
    addEventListener("online", () => this.#source || this.#connect());
    // a page kept for the way back would hold its connection, and a browser has only six for a server
    addEventListener("pagehide", () => this.#disconnect());
    addEventListener("pageshow", event => event.persisted && this.#connect());
  }

  /** Begins now, with a filter such as "page_id=7" or nothing. */
  open(query) {
    this.#query = query;
    this.#lastId = "";
    this.#wait = FIRST_WAIT_MS;
    this.#connect();
  }

  #connect() {
    this.#disconnect();
    this.#handlers.opening();
    const query = new URLSearchParams(this.#query);
    if (this.#lastId) {
      query.set("after", this.#lastId);
    }
    const source = new EventSource(`/vault/stream?${query}`);
    source.onopen = () => this.#handlers.opened();
    // The browser would try again by itself, but for ever at the same pace, and never after an answer such as 503.
    source.onerror = () => this.#lost();
    source.addEventListener("gift", event => {
      this.#heard(event);
      this.#handlers.gift(event.data);
    });
    source.addEventListener("position", event => {
      this.#heard(event);
      this.#wait = FIRST_WAIT_MS;
      this.#handlers.position(JSON.parse(event.data));
    });
    source.addEventListener("reset", () => this.#handlers.reset());
    this.#source = source;
    this.#watch();
  }

  #heard(event) {
    this.#lastId = event.lastEventId;
    this.#watch();
  }

  #watch() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#lost(), SILENCE_MS);
  }

  #lost() {
    this.#disconnect();
    // some spread, so that a restarted server does not meet all its readers at the same moment
    const wait = this.#wait * (0.75 + Math.random() / 2);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.#handlers.lost(wait);
  }

  #disconnect() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    this.#source?.close();
    this.#source = null;
  }
}
