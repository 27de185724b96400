// Who the reader is: signs in with a link that the issuer mails, stays signed in, signs out. Where no readers are known it
// does nothing. At the end the live stream, which needs to know it: in a file of its own it would be a request more of each page.

const REFRESH = "gibsey.refresh"; // the issuer's refresh token
const PENDING = "gibsey.pending"; // until when this browser waits for the link it asked for
const LINK_MS = 3_600_000;
const AHEAD_MS = 60_000;
const RETRY_MS = 5_000;
const SILENCE_MS = 45_000; // three default heartbeats, and more than the longest allowed (30 s)
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

// The link comes back with the tokens behind the #, where no server sees them. They leave the address before anything else
// happens, and count only if this browser asked for them: otherwise anybody's link would sign its reader in as somebody else.
const fragment = new URLSearchParams(location.hash.slice(1));
if (fragment.has("access_token") || fragment.has("error_description")) {
  history.replaceState(null, "", location.pathname + location.search);
}
const arrived = fragment.has("access_token") && Date.now() < Number(localStorage.getItem(PENDING)) ? fragment : null;
if (arrived) {
  localStorage.removeItem(PENDING);
}

/** A token was refused, and no other can be had just now. Nothing that was sent with it is taken. */
export class NotRenewed extends Error {}

export class Session {
  /** What went wrong with the link, in the issuer's words; null when nothing did. */
  refusal = fragment.get("error_description");
  #config;
  #access = null;
  #expires = 0;
  #timer = 0;
  #isAway = false; // the issuer, when it was last asked for a token
  #changed = () => {};

  constructor(config) {
    this.#config = config;
  }

  /** Asks this service who signs readers in, and goes on where the reader was. */
  static async begin() {
    const session = new Session(await config());
    // another window has signed out, or in
    addEventListener("storage", event => {
      if (event.key === REFRESH && !event.newValue) {
        session.#forget();
      } else if (event.key === REFRESH && !session.isSignedIn) {
        session.refresh();
      }
    });
    if (session.isKnown && arrived) {
      session.#take(arrived.get("access_token"), arrived.get("refresh_token"), arrived.get("expires_in"));
    } else if (session.isKnown && localStorage.getItem(REFRESH)) {
      await session.refresh();
    }
    return session;
  }

  /** Called when the reader signs in or is signed out. */
  set onChange(handler) {
    this.#changed = handler;
  }

  /** How many characters a text may have, by the name of its field. */
  get limits() {
    return {question: this.#config.question_chars, answer: this.#config.answer_chars};
  }

  /** Whether readers are known here. */
  get isKnown() {
    return Boolean(this.#config.issuer);
  }

  /** Whether the reader may be signed in, and the issuer cannot be asked at the moment. */
  get isHeldUp() {
    return !this.isSignedIn && this.#isAway;
  }

  get isSignedIn() {
    return this.#access !== null;
  }

  get mayRead() {
    return !this.isKnown || this.isSignedIn || this.#config.read === "everyone";
  }

  get maySave() {
    return !this.isKnown || this.isSignedIn;
  }

  /** Whether a gift is the reader's to change; where nobody is known, whether anybody's is. */
  mayChange(gift) {
    return this.isKnown ? this.isSignedIn && gift.user_id === this.reader : Boolean(this.#config.changes);
  }

  /** The e-mail of the reader, as the token says; empty when it does not. */
  get name() {
    return this.#claims.email ?? "";
  }

  /** The id of the reader, as their gifts have it; undefined for nobody. */
  get reader() {
    return this.#claims.sub;
  }

  get #claims() {
    try {
      const claims = this.#access.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
      return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(claims), c => c.charCodeAt(0))));
    } catch {
      return {};
    }
  }

  /** As fetch, as the reader. A token that is refused is replaced once; throws {@link NotRenewed} where that has to wait. */
  async fetch(path, options = {}) {
    const send = () => fetch(path, {
      ...options,
      cache: "no-store",
      headers: {...options.headers, ...(this.#access && {Authorization: `Bearer ${this.#access}`})},
    });
    if (this.isSignedIn && Date.now() > this.#expires) {
      await this.refresh();
    }
    const used = this.#access;
    const answer = await send();
    if (answer.status !== 401 || used === null) {
      return answer;
    }
    await this.refresh(used);
    if (this.#access === used) {
      throw new NotRenewed("the sign-in cannot be renewed at the moment");
    }
    return this.isSignedIn ? send() : answer;
  }

  /** Has the issuer mail a link. Throws with its words when it does not. */
  async signIn(email) {
    localStorage.setItem(PENDING, Date.now() + LINK_MS);
    const back = new URLSearchParams({redirect_to: location.origin + location.pathname + location.search});
    const answer = await this.#ask(`/otp?${back}`, {email, create_user: true});
    if (!answer.ok) {
      const words = await answer.json().catch(() => ({}));
      throw new Error(words.msg ?? words.error_description ?? `the issuer answered ${answer.status}`);
    }
  }

  async signOut() {
    const access = this.#access;
    localStorage.removeItem(REFRESH);
    this.#forget();
    // whether the issuer hears of it or not
    await this.#ask("/logout", {}, {Authorization: `Bearer ${access}`}).catch(() => {});
  }

  /**
   * A new token for the old one. One window at a time: the issuer takes a refresh token once.
   *
   * @param refused the token that was refused; when another one is there by now, that one is kept
   */
  async refresh(refused = this.#access) {
    await exclusively(async () => {
      if (this.#access !== refused) {
        return;
      }
      const token = localStorage.getItem(REFRESH);
      if (!token) {
        this.#forget();
        return;
      }
      let answer;
      try {
        answer = await this.#ask("/token?grant_type=refresh_token", {refresh_token: token});
      } catch {
        answer = {status: 503};
      }
      const tokens = answer.ok ? await answer.json() : null;
      if (localStorage.getItem(REFRESH) !== token) {
        // signed out meanwhile, or in anew: the answer is for one who is not here any more
        return;
      }
      if (tokens) {
        this.#take(tokens.access_token, tokens.refresh_token, tokens.expires_in);
      } else if (answer.status >= 500 || answer.status === 429) {
        // what there is may still count
        this.#isAway = true;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.refresh(), RETRY_MS);
      } else {
        localStorage.removeItem(REFRESH);
        this.#forget();
      }
    });
  }

  #take(access, refresh, seconds) {
    const isNew = !this.isSignedIn;
    this.#isAway = false;
    this.#access = access;
    this.#expires = Date.now() + Number(seconds) * 1_000;
    if (refresh) {
      localStorage.setItem(REFRESH, refresh);
    }
    clearTimeout(this.#timer);
    // not all readers of a minute at the same moment
    const ahead = AHEAD_MS * (1 + Math.random() / 2);
    this.#timer = setTimeout(() => this.refresh(), Math.max(RETRY_MS, Number(seconds) * 1_000 - ahead));
    if (isNew) {
      this.#changed();
    }
  }

  #forget() {
    clearTimeout(this.#timer);
    const isOver = this.isSignedIn || this.#isAway;
    this.#isAway = false;
    this.#access = null;
    isOver && this.#changed();
  }

  #ask(path, body, headers = {}) {
    return fetch(this.#config.issuer + path, {
      method: "POST",
      headers: {"Content-Type": "application/json", ...(this.#config.key && {apikey: this.#config.key}), ...headers},
      body: JSON.stringify(body),
    });
  }
}

async function config() {
  for (let wait = 500; ; wait = Math.min(wait * 2, 10_000)) {
    try {
      const answer = await fetch("/auth.json");
      if (answer.ok) {
        return await answer.json();
      }
    } catch {
      // not reachable; asked again below
    }
    await new Promise(done => setTimeout(done, wait));
  }
}

/** Among all windows of this origin, where the browser can. */
function exclusively(action) {
  return navigator.locks ? navigator.locks.request("gibsey.refresh", action) : action();
}

const $ = id => document.getElementById(id);

/**
 * The form to sign in, and the button to sign out.
 *
 * @param session  who reads
 * @param changed  called when that is somebody else
 * @param leaving  called before the reader is sent to the mail
 */
export function showAccount(session, changed, leaving = () => {}) {
  function show() {
    $("session").hidden = !session.isKnown;
    $("sign-in").hidden = session.isSignedIn;
    $("signed-in").hidden = !session.isSignedIn;
    $("who").textContent = session.name;
    say(session.refusal ?? (session.isHeldUp ? "Your sign-in cannot be renewed at the moment. Trying again…" : ""));
  }

  $("sign-in").addEventListener("submit", async event => {
    event.preventDefault();
    const email = $("email").value.trim();
    if (!$("email").validity.valid || !email) {
      say("Please give an e-mail address.");
      $("email").focus();
      return;
    }
    say("Sending…");
    try {
      leaving();
      await session.signIn(email);
      say("A link is on its way to you. Open it in this browser.");
    } catch (error) {
      say(`No link was sent: ${error.message}.`);
    }
  });
  $("sign-out").addEventListener("click", () => session.signOut());
  session.onChange = () => {
    show();
    changed();
  };
  show();
}

function say(words) {
  $("session-outcome").textContent = words;
}

// ---- the stream

/** The live stream: reconnects with backoff, and resumes where it was. */
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
