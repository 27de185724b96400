// Gifts: parsing, order and markup; and those on the page.

import {nameOf, sigil, symbolOf} from "../book/sigil.js";

const MOST = 400;
const FEW = 6; // at most so many at once are highlighted
const template = document.getElementById("gift");
const relative = new Intl.RelativeTimeFormat("en", {numeric: "auto", style: "short"});
const date = new Intl.DateTimeFormat("en", {day: "numeric", month: "short", year: "numeric"});
const exact = new Intl.DateTimeFormat("en", {dateStyle: "full", timeStyle: "long"});

/** Reads a gift, or a list of them. */
export function parse(json) {
  // keeps 64-bit numbers as text where the browser can (context.source); others round beyond 2^53
  return JSON.parse(json, (key, value, context) =>
    context?.source && (key === "id" || key === "page_id") ? context.source : value);
}

/** For sorting, newest first, as the list is ordered: by time to the microsecond, then by id. */
export function compare(one, other) {
  return micros(other) - micros(one) || Number(BigInt(other.id) - BigInt(one.id));
}

const times = new WeakMap();

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
 * The article of a gift. What readers wrote is set as text, never as markup.
 *
 * @param mayChange whether the reader may edit and delete it
 */
export function article(gift, mayChange) {
  const element = template.content.firstElementChild.cloneNode(true);
  const heading = element.querySelector(".question");
  heading.id = `question-${gift.event_id}`;
  heading.textContent = gift.question;
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
  element.querySelector(".address").href = `/gifts/${gift.event_id}`;
  if (!gift.revision || gift.revision === gift.event_id) {
    element.querySelector(".edited").remove();
  }
  if (!mayChange) {
    element.querySelector(".acts").remove();
  }
  element.querySelectorAll(".edited, .acts button").forEach(button => button.setAttribute("aria-describedby", heading.id));

  element.querySelector(".answer").textContent = gift.answer;
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
    ago < 45 ? "just now"
      : ago < 3_600 ? relative.format(Math.round(seconds / 60), "minute")
        : ago < 86_400 ? relative.format(Math.round(seconds / 3_600), "hour")
          : ago < 6 * 86_400 ? relative.format(Math.round(seconds / 86_400), "day")
            : date.format(then);
  // setting the same text would cost a layout, too
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** The gifts on the page: sorted as in the list, each once, and at most MOST of them. */
export class Gifts {
  #container;
  #mayChange;
  #shown = []; // {gift, element}, newest first
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

  get oldest() {
    return this.#shown.at(-1)?.gift;
  }

  get newest() {
    return this.#shown[0]?.gift;
  }

  clear() {
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
    if (fresh && inOrder.length > MOST) {
      // after a long absence: more would be removed again at once
      inOrder.length = MOST;
      this.complete = false;
    }
    for (const gift of inOrder.reverse()) {
      const place = this.#place(gift);
      // older than all that are shown (stored long after it was saved): it is loaded when the reader gets there
      if (fresh && place === this.#shown.length && place > 0 && !this.complete) {
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
    return added;
  }

  /** A gift and its article; undefined when it is not on the page. */
  find(eventId) {
    return this.#shown.find(({gift}) => gift.event_id === eventId);
  }

  /** Shows a gift as it is now, in its place. Returns false when it is not on the page. */
  change(gift) {
    const shown = this.find(gift.event_id);
    if (shown) {
      shown.gift = gift;
      shown.element = replace(shown.element, article(gift, this.#mayChange(gift)));
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
      // without articles it would be no feed
      this.#shown.length || this.#container.setAttribute("role", "region");
    }
  }

  /** Removes the oldest; they are loaded again when the reader gets there. */
  trim() {
    while (this.#shown.length > MOST) {
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
      if (compare(this.#shown[middle].gift, gift) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
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

  /**
   * @param container of the articles
   * @param session   who changes
   * @param gifts     those on the page, as {@link Gifts} has them
   * @param say       tells a reader who does not see the page
   */
  constructor(container, session, gifts, say) {
    this.#gifts = gifts;
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

  gone(eventId) {
    this.#changes?.gone(eventId) || this.#gifts.remove(eventId);
  }
}
