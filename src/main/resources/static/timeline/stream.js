// The live stream: reconnects with backoff, and resumes where it was.

const SILENCE_MS = 45_000; // three default heartbeats, and more than the longest allowed (30 s)
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

export class Stream {
  #session;
  #open = null; // aborts the request
  #lastId = "";
  #query = "";
  #wait = FIRST_WAIT_MS;
  #timer = 0;
  #watchdog = 0;
  #handlers;

  /**
   * @param session  who reads
   * @param handlers gift(json), changed(json), gone(json), position({live}), reset(), opening(), opened(), lost(ms until the next attempt), refused()
   */
  constructor(session, handlers) {
    this.#session = session;
    this.#handlers = handlers;
    addEventListener("online", () => this.#open || this.#connect());
    // a page in the browser's back cache would keep its connection, and there are six for a server
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", event => event.persisted && this.#connect());
  }

  /** Starts a new stream with a filter such as "page_id=7", or none. */
  open(query) {
    this.#query = query;
    this.#lastId = "";
    this.#wait = FIRST_WAIT_MS;
    this.#connect();
  }

  close() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    this.#open?.abort();
    this.#open = null;
  }

  async #connect() {
    this.close();
    if (!this.#session.mayRead) {
      this.#handlers.refused();
      return;
    }
    const mine = new AbortController();
    this.#open = mine;
    this.#handlers.opening();
    this.#watch();
    try {
      const answer = await this.#session.fetch(`/vault/stream?${this.#query}`, {
        headers: {Accept: "text/event-stream", ...(this.#lastId && {"Last-Event-ID": this.#lastId})},
        signal: mine.signal,
      });
      if (answer.status === 401 && !this.#session.mayRead) {
        this.close();
        this.#handlers.refused();
        return;
      }
      if (!answer.ok) {
        throw new Error(`the stream answered ${answer.status}`);
      }
      this.#handlers.opened();
      await this.#read(answer.body.getReader(), mine);
    } catch (error) {
      if (!mine.signal.aborted) {
        console.info(error.message);
      }
    }
    if (this.#open === mine) {
      this.#lost();
    }
  }

  async #read(reader, mine) {
    const decoder = new TextDecoder();
    let expired = false;
    const parser = new EventParser(event => {
      expired ||= event.type === "expired";
      this.#heard(event);
    });
    for (;;) {
      const {done, value} = await reader.read();
      if (this.#open !== mine) {
        return;
      }
      if (done) {
        break;
      }
      this.#watch();
      parser.push(decoder.decode(value, {stream: true}));
    }
    if (expired) {
      await this.#session.refresh();
      this.#connect();
    }
  }

  #heard({type, data, id}) {
    if (id) {
      this.#lastId = id;
    }
    if (type === "gift") {
      this.#handlers.gift(data);
    } else if (type === "gift-changed") {
      this.#handlers.changed(data);
    } else if (type === "gift-gone") {
      this.#handlers.gone(data);
    } else if (type === "position") {
      this.#wait = FIRST_WAIT_MS;
      this.#handlers.position(JSON.parse(data));
    } else if (type === "reset") {
      this.#handlers.reset();
    }
  }

  #watch() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#lost(), SILENCE_MS);
  }

  #lost() {
    this.close();
    // jitter: a restarted server must not get all its readers at the same moment
    const wait = this.#wait * (0.75 + Math.random() / 2);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.#handlers.lost(wait);
  }
}

/**
 * Server-Sent Events out of an answer's text (HTML Standard, section 9.2.6), wherever the network cuts it into pieces.
 * The browser's own EventSource sends no Authorization header.
 */
export class EventParser {
  #rest = "";
  #begun = false;
  #lines = {event: "", data: [], id: null};
  #dispatch;

  /** @param dispatch called with {type, data, id} for each event; id is that of the last event that had one */
  constructor(dispatch) {
    this.#dispatch = dispatch;
  }

  #lastId = "";

  /** The next piece of the text, decoded. */
  push(text) {
    this.#rest += text;
    if (!this.#begun && this.#rest) {
      this.#begun = true;
      this.#rest = this.#rest.replace(/^\uFEFF/, "");
    }
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    // what has no end yet; a CR at the very end may be the half of one
    this.#rest = lines.pop();
    lines.forEach(line => this.#line(line));
  }

  #line(line) {
    if (line === "") {
      if (this.#lines.id !== null) {
        this.#lastId = this.#lines.id;
      }
      if (this.#lines.data.length) {
        this.#dispatch({type: this.#lines.event || "message", data: this.#lines.data.join("\n"), id: this.#lastId});
      }
      this.#lines = {event: "", data: [], id: null};
      return;
    }
    const [, name, value] = /^([^:]*)(?:: ?([^]*))?$/.exec(line);
    if (name === "event") {
      this.#lines.event = value ?? "";
    } else if (name === "data") {
      this.#lines.data.push(value ?? "");
    } else if (name === "id" && !value?.includes("\0")) {
      this.#lines.id = value ?? "";
    }
  }
}
