// Who the reader is: signs in with a link that the issuer mails, stays signed in, signs out. Where no readers are known it
// does nothing.

const REFRESH = "gibsey.refresh"; // the issuer's refresh token
const PENDING = "gibsey.pending"; // until when this browser waits for the link it asked for
const LINK_MS = 3_600_000;
const AHEAD_MS = 60_000;
const RETRY_MS = 5_000;

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

export class Session {
  /** What went wrong with the link, in the issuer's words; null when nothing did. */
  refusal = fragment.get("error_description");
  #config;
  #access = null;
  #expires = 0;
  #timer = 0;
  #changed = () => {};

  constructor(config) {
    this.#config = config;
  }

  /** Asks this service who signs readers in, and goes on where the reader was. */
  static async begin() {
    const session = new Session(await config());
    if (session.isKnown && arrived) {
      session.#take(arrived.get("access_token"), arrived.get("refresh_token"), arrived.get("expires_in"));
    } else if (session.isKnown && localStorage.getItem(REFRESH)) {
      await session.refresh();
    }
    // another window has signed out, or in
    addEventListener("storage", event => {
      if (event.key === REFRESH && !event.newValue) {
        session.#forget();
      } else if (event.key === REFRESH && !session.isSignedIn) {
        session.refresh();
      }
    });
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

  /** As fetch, as the reader. A token that is refused is replaced once. */
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
    if (answer.status === 401 && used !== null) {
      await this.refresh(used);
      return this.isSignedIn ? send() : answer;
    }
    return answer;
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
      if (answer.ok) {
        const tokens = await answer.json();
        this.#take(tokens.access_token, tokens.refresh_token, tokens.expires_in);
      } else if (answer.status >= 500 || answer.status === 429) {
        // the issuer is away: what there is may still count
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
    if (this.isSignedIn) {
      this.#access = null;
      this.#changed();
    }
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
    say(session.refusal ?? "");
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
