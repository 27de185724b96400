// One gift: parsing, order and markup.

import {sigil} from "../book/sigil.js";

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

/** The article of a gift. What readers wrote is set as text, never as markup. */
export function article(gift) {
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
    symbol.setAttribute("aria-label", `Symbol ${gift.symbol_id}`);
    symbol.querySelector("use").setAttribute("href", sigil(gift.symbol_id));
    symbol.querySelector("span").textContent = gift.symbol_id;
  }
  const time = element.querySelector("time");
  time.dateTime = gift.created_at;
  time.title = exact.format(new Date(gift.created_at));
  tellTime(time);
  element.querySelector(".address").href = `/gifts/${gift.event_id}`;

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
