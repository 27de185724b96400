// Gifts: parsing, order and markup; and those on the page.

import {nameOf, sigil, symbolOf} from "../book/sigil.js";

const MOST = 400;
const FEW = 6; // at most so many at once are highlighted
const template = document.getElementById("gift");
const KEYS = "gibsey.keys"; // "off" when the reader does not want any
// in the reader's language, which the rest of the page is not in
const relative = new Intl.RelativeTimeFormat(undefined, {numeric: "auto", style: "short"});
const date = new Intl.DateTimeFormat(undefined, {day: "numeric", month: "short", year: "numeric"});
const exact = new Intl.DateTimeFormat(undefined, {dateStyle: "full", timeStyle: "long"});
const printed = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "short"});
const day = new Intl.DateTimeFormat(undefined, {dateStyle: "full"});
const language = relative.resolvedOptions().locale;
// languages that practically have their scripts for themselves
const SCRIPTS = {
  ja: ["Hiragana", "Katakana"], ko: ["Hangul"], th: ["Thai"], lo: ["Lao"], km: ["Khmer"], el: ["Greek"], he: ["Hebrew"], hy: ["Armenian"],
  ka: ["Georgian"], dv: ["Thaana"], gu: ["Gujarati"], kn: ["Kannada"], ml: ["Malayalam"], or: ["Oriya"], pa: ["Gurmukhi"], si: ["Sinhala"],
  ta: ["Tamil"], te: ["Telugu"],
};
const NOT_STORED = {
  conflict: "another gift has its identity",
  undecodable: "what arrived could not be read",
  invalid: "something was missing in it, or of a wrong kind",
  refused: "the vault does not take it as it is",
};
const anyOf = scripts => `[${scripts.map(name => `\\p{scx=${name}}`).join("")}]`;
const TELLING = new RegExp(anyOf(Object.values(SCRIPTS).flat()), "u");

/** Reads a gift, or a list of them. */
export function parse(json) {
  // keeps 64-bit numbers as text where the browser can (context.source); others round beyond 2^53
  return JSON.parse(json, (key, value, context) =>
    context?.source && (key === "id" || key === "page_id") ? context.source : value);
}

/** Why a gift could not be stored, in a reader's words. */
export function whyNotStored(reason) {
  return `${NOT_STORED[reason] ?? "the vault has not said why"}. It is kept, and those who look after the vault can see it.`;
}

/** For sorting, newest first, as the list is ordered: by time to the microsecond, then by id. */
export function compare(one, other) {
  return micros(other) - micros(one) || Number(BigInt(other.id) - BigInt(one.id));
}

const times = new WeakMap();
const days = new WeakMap();

function micros(gift) {
  let time = times.get(gift);
  if (time === undefined) {
    const fraction = /\.(\d+)/.exec(gift.created_at)?.[1] ?? "";
    time = Date.parse(gift.created_at) * 1000 + Number(fraction.padEnd(6, "0").slice(3));
    times.set(gift, time);
  }
  return time;
}

/**
 * The language of a text: the one that its gift carries, or else the one that its letters tell beyond doubt. They do when four in five of
 * them, two at least, are of the script of one language; where Han is written beside that script (Japanese, Korean), Han counts as well,
 * but no more than twice as much. "" where neither tells.
 */
export function languageOf(text, carried) {
  if (carried || !TELLING.test(text)) {
    return carried || "";
  }
  const count = letters => text.match(new RegExp(letters, "gu"))?.length ?? 0;
  const letters = count("\\p{L}");
  const tells = ([tag, scripts]) => {
    const own = count(`(?=\\p{L})${anyOf(scripts)}`);
    const han = tag === "ja" || tag === "ko" ? count("\\p{Script=Han}") : 0;
    return own >= 2 && han <= own * 2 && (own + han) * 5 >= letters * 4;
  };
  return Object.entries(SCRIPTS).find(tells)?.[0] ?? "";
}

/** The day a gift was saved on, where the reader is. */
function dayOf(gift) {
  days.has(gift) || days.set(gift, day.format(new Date(gift.created_at)));
  return days.get(gift);
}

/**
 * The article of a gift. What readers wrote is set as text, never as markup.
 *
 * @param mayChange whether the reader may edit and delete it
 */
export function article(gift, mayChange) {
  const element = template.content.firstElementChild.cloneNode(true);
  const heading = element.querySelector(".question");
  heading.id = `question-${gift.event_id}`;
  heading.textContent = gift.question;
  heading.lang = languageOf(gift.question, gift.lang);
  element.setAttribute("aria-labelledby", heading.id);
  element.dataset.event = gift.event_id;

  const page = element.querySelector(".page");
  page.textContent = gift.page_id;
  page.href = `/?page_id=${gift.page_id}`;
  page.setAttribute("aria-label", `Page ${gift.page_id}`);
  const symbol = element.querySelector(".symbol");
  if (gift.symbol_id === null) {
    symbol.remove();
  } else {
    symbol.href = `/?symbol_id=${gift.symbol_id}`;
    symbol.querySelector("use").setAttribute("href", sigil(gift.symbol_id));
    symbol.querySelector("span").textContent = nameOf(gift.symbol_id);
    const known = symbolOf(gift.symbol_id);
    if (known) {
      symbol.style.setProperty("--light", known.light);
      symbol.style.setProperty("--dark", known.dark);
    }
  }
  const time = element.querySelector("time");
  time.dateTime = gift.created_at;
  time.title = exact.format(new Date(gift.created_at));
  tellTime(time);
  const address = element.querySelector(".address");
  address.href = `/gifts/${gift.event_id}`;
  address.lang = language;
  // on paper "now" means nothing
  address.dataset.printed = printed.format(new Date(gift.created_at));
  if (!gift.revision || gift.revision === gift.event_id) {
    element.querySelector(".edited").remove();
  }
  if (!mayChange) {
    element.querySelector(".acts").remove();
  }
  element.querySelectorAll(".edited, .acts button").forEach(button => button.setAttribute("aria-describedby", heading.id));

  const answer = element.querySelector(".answer");
  answer.textContent = gift.answer;
  answer.lang = languageOf(gift.answer, gift.lang);
  // by length: measuring would cost a layout for each of thousands
  if (gift.answer.length > 1200 || gift.answer.split("\n", 16).length > 15) {
    element.classList.add("long");
    element.querySelector(".more").hidden = false;
  }
  return element;
}

/** Brings a relative time up to date. */
export function tellTime(element) {
  const then = new Date(element.dateTime);
  const seconds = Math.round((then - Date.now()) / 1000);
  const ago = Math.abs(seconds);
  const text =
    ago < 45 ? relative.format(0, "second")
      : ago < 3_600 ? relative.format(Math.round(seconds / 60), "minute")
        : ago < 86_400 ? relative.format(Math.round(seconds / 3_600), "hour")
          : ago < 6 * 86_400 ? relative.format(Math.round(seconds / 86_400), "day")
            : date.format(then);
  // setting the same text would cost a layout, too
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** The gifts on the page: sorted as in the list or the other way round, each once, and at most MOST new ones of them. */
export class Gifts {
  #container;
  #mayChange;
  #shown = []; // {gift, element}, as they stand on the page
  #isThread = false; // oldest first
  #events = new Set();
  /** Whether the list has been read to its end. */
  complete = false;

  /** @param mayChange whether the reader may change a gift */
  constructor(container, mayChange) {
    this.#container = container;
    this.#mayChange = mayChange;
    setInterval(() => container.querySelectorAll("time").forEach(tellTime), 20_000);
  }

  has(eventId) {
    return this.#events.has(eventId);
  }

  get size() {
    return this.#shown.length;
  }

  /** After it comes what has not been read of the list yet. */
  get last() {
    return this.#shown.at(-1)?.gift;
  }

  get newest() {
    return this.#shown.at(this.#isThread ? -1 : 0)?.gift;
  }

  /** Whether a gift has its place where the list has not been read yet. */
  isBeyond(gift) {
    return !this.complete && this.#place(gift) === this.#shown.length;
  }

  /** @param isThread whether those that come have their places oldest first */
  clear(isThread = false) {
    this.#isThread = isThread;
    this.#container.replaceChildren();
    this.#container.setAttribute("role", "region");
    this.#shown = [];
    this.#events.clear();
    this.complete = false;
  }

  /**
   * Puts gifts in their places.
   *
   * @param fresh whether they came from the stream, and are highlighted
   * @returns how many of them were not there before
   */
  add(gifts, fresh) {
    const missing = new Map();
    for (const gift of gifts) {
      if (!this.#events.has(gift.event_id)) {
        missing.set(gift.event_id, gift);
      }
    }
    let added = 0;
    const inOrder = [...missing.values()].sort(compare);
    if (fresh && !this.#isThread && inOrder.length > MOST) {
      // after a long absence: more would be removed again at once
      inOrder.length = MOST;
      this.complete = false;
    }
    for (const gift of inOrder.reverse()) {
      const place = this.#place(gift);
      // in a list older than all that are shown (stored long after it was saved): it is loaded when the reader gets there
      if (fresh && this.size && this.isBeyond(gift)) {
        continue;
      }
      const element = article(gift, this.#mayChange(gift));
      if (fresh && missing.size <= FEW) {
        element.classList.add("new");
      }
      // without articles it would be no feed
      this.#container.setAttribute("role", "feed");
      this.#container.insertBefore(element, this.#shown[place]?.element ?? null);
      this.#shown.splice(place, 0, {gift, element});
      this.#events.add(gift.event_id);
      added++;
    }
    this.#tellDays();
    return added;
  }

  /** A gift and its article; undefined when it is not on the page. */
  find(eventId) {
    return this.#shown.find(({gift}) => gift.event_id === eventId);
  }

  /**
   * The gift that has a place in the order, or the next one if none has it, or at the end of the list the last one; undefined where the
   * list has not been read so far.
   */
  nearest(place) {
    return (this.#shown[this.#place(place)] ?? (this.complete ? this.#shown.at(-1) : undefined))?.gift;
  }

  /** Shows a gift as it is now, in its place. Returns false when it is not on the page. */
  change(gift) {
    const shown = this.find(gift.event_id);
    if (shown) {
      shown.gift = gift;
      shown.element = replace(shown.element, article(gift, this.#mayChange(gift)));
      this.#tellDays();
    }
    return Boolean(shown);
  }

  remove(eventId) {
    const shown = this.find(eventId);
    if (shown) {
      this.#shown.splice(this.#shown.indexOf(shown), 1);
      this.#events.delete(eventId);
      if (shown.element.contains(document.activeElement)) {
        this.#container.focus({preventScroll: true});
      }
      shown.element.remove();
      this.#tellDays();
      // without articles it would be no feed
      this.#shown.length || this.#container.setAttribute("role", "region");
    }
  }

  /** Removes the oldest; they are loaded again when the reader gets there. */
  trim() {
    while (!this.#isThread && this.#shown.length > MOST) {
      const {gift, element} = this.#shown.pop();
      this.#events.delete(gift.event_id);
      element.remove();
      this.complete = false;
    }
  }

  #place(gift) {
    let low = 0;
    let high = this.#shown.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = compare(this.#shown[middle].gift, gift);
      if ((this.#isThread ? -order : order) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Above the first gift of each day stands the day. */
  #tellDays() {
    let before = "";
    for (const {gift, element} of this.#shown) {
      const heading = element.firstElementChild;
      const text = dayOf(gift);
      heading.hidden = text === before;
      if (heading.textContent !== text) {
        heading.textContent = text;
        heading.lang = language;
      }
      before = text;
    }
  }
}

/**
 * Keys that work wherever the reader is, but in a field and in a dialog. "?" shows the help; there they can be switched off, for
 * readers who dictate, or touch a key by mistake.
 *
 * @param acts what a key does, by the key
 */
export function offerKeys(acts) {
  const help = document.getElementById("help");
  const on = document.getElementById("keys-on");
  on.checked = localStorage.getItem(KEYS) !== "off";
  on.addEventListener("change", () => on.checked ? localStorage.removeItem(KEYS) : localStorage.setItem(KEYS, "off"));
  document.getElementById("keys").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", event => {
    const act = event.key === "?" ? () => help.showModal() : acts[event.key];
    if (act && on.checked && !event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing
        && !event.target.closest("input, select, textarea, dialog")) {
      event.preventDefault();
      act();
    }
  });
}

/** Puts an article in the place of another, unfolded as that one was; a keyboard stays where it is. */
export function replace(element, by) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  if (!element.classList.contains("long") && by.classList.contains("long") && !element.querySelector(".more")?.hidden) {
    by.classList.remove("long");
    by.querySelector(".more").textContent = "Read less";
  }
  element.replaceWith(by);
  const same = focused && by.querySelector(`.${[...focused.classList].at(-1)}`);
  focused && (same ?? by).focus({preventScroll: true});
  return by;
}

/** What a reader does to gifts, and what the stream says of them. What that takes is loaded when it is wanted. */
export class Changing {
  #changes = null;
  #gifts;
  #session;
  #reader; // who was here last

  /**
   * @param container of the articles
   * @param session   who changes
   * @param gifts     those on the page, as {@link Gifts} has them
   * @param say       tells a reader who does not see the page
   */
  constructor(container, session, gifts, say) {
    this.#gifts = gifts;
    this.#session = session;
    this.#reader = session.reader;
    container.addEventListener("click", async ({target}) => {
      const act = {edit: "edit", delete: "delete", edited: "history"}[target.classList[1]];
      const eventId = target.closest(".gift")?.dataset.event;
      if (!act || !eventId) {
        return;
      }
      try {
        const {Changes} = await import("./change.js");
        this.#changes ??= new Changes(session, gifts, say);
        this.#changes[act](gifts.find(eventId).gift);
      } catch (error) {
        console.warn(error);
        say("The vault cannot be reached. Try again in a moment.");
      }
    });
  }

  /** A gift was changed. Returns whether it is on the page, as it is now or as the reader is about to have it. */
  changed(gift) {
    return this.#changes?.changed(gift) || this.#gifts.change(gift);
  }

  /** Closes what shows a gift of the reader before, where another one is here. Who is back finds it as it was left. */
  readerChanged() {
    const {reader} = this.#session;
    if (reader && this.#reader && reader !== this.#reader) {
      this.#changes?.close();
    }
    this.#reader = reader ?? this.#reader;
  }

  gone(eventId) {
    this.#changes?.gone(eventId) || this.#gifts.remove(eventId);
  }
}
