// The live stream: reconnects with backoff, and resumes where it was.

const SILENCE_MS = 45_000; // three default heartbeats, and more than the longest allowed (30 s)
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
    // a page in the browser's back cache would keep its connection, and there are six for a server
    addEventListener("pagehide", () => this.#disconnect());
    addEventListener("pageshow", event => event.persisted && this.#connect());
  }

  /** Starts a new stream with a filter such as "page_id=7", or none. */
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
    // The browser would reconnect by itself, but without backoff, and not after an answer such as 503.
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
    // jitter: a restarted server must not get all its readers at the same moment
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
