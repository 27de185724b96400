// The gifts on the page: sorted as in the list, each once, and at most MOST of them.

import {article, compare, tellTime} from "./gift.js";

const MOST = 400;
const FEW = 6; // at most so many at once are highlighted

export class Gifts {
  #container;
  #shown = []; // {gift, element}, newest first
  #events = new Set();
  /** Whether the list has been read to its end. */
  complete = false;

  constructor(container) {
    this.#container = container;
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
      const element = article(gift);
      if (fresh && missing.size <= FEW) {
        element.classList.add("new");
      }
      this.#container.insertBefore(element, this.#shown[place]?.element ?? null);
      this.#shown.splice(place, 0, {gift, element});
      this.#events.add(gift.event_id);
      added++;
    }
    return added;
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
