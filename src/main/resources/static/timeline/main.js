// The timeline page: connects list, stream, filter and form.

import {Session} from "./session.js"; // first: it takes tokens out of the address
import {showAccount} from "./account.js";
import {parse} from "./gift.js";
import {Gifts} from "./gifts.js";
import {SaveForm} from "./save.js";
import {emblem} from "../book/sigil.js";
import {Stream} from "./stream.js";

const PAGE_OF_LIST = 30;
const MOST_PENDING = 500;
const TORRENT = 30; // more gifts a second than this are shown every PACE_MS, not every frame
const PACE_MS = 150;
const DRAWING_MS = 3_000;
const FILTERS = {page_id: 64, symbol_id: 32};

const $ = id => document.getElementById(id);
const container = $("gifts");
const gifts = new Gifts(container);
const states = {
  "opening": "Opening the vault…",
  "catching-up": "Catching up…",
  "waiting": "The database is away; what you save is kept, and shown when it is back",
  "live": "Live",
  "signed-out": "Sign in to see your gifts",
};

export const session = await Session.begin();

let filter = new URLSearchParams(); // the valid filters of the URL
let generation = 0; // of the filter; answers to requests of an older one are dropped
let pending = []; // gifts held back because the reader has scrolled down
let tooMany = false; // some of the held back ones were dropped
let arrived = []; // gifts that go to the page with the next frame
let came = []; // arrival times within the last second
let frame = 0; // the animation frame that shows them, or the timer while the page is hidden
let listed = false; // whether the list has been read since the filter changed
let loading = false;
let announced = 0;

// ---- the stream

const stream = new Stream(session, {
  gift(json) {
    arrived.push(parse(json));
    came.push(performance.now());
    schedule();
  },
  position({live}) {
    setState(live ? "live" : "waiting");
    if (live && !listed && !loading) {
      loadOlder();
    }
  },
  reset() {
    // the list is read again at the next position event
    forget();
  },
  opening() {
    // "lost" stays until the stream is open: the text must not flicker at every attempt
    if ($("state").dataset.state !== "lost") {
      setState("opening");
    }
  },
  opened() {
    setState("catching-up");
  },
  refused() {
    forget();
    setState("signed-out");
    container.setAttribute("aria-busy", "false");
    $("end").textContent = "";
  },
  lost(wait) {
    setState("lost", `Connection lost; trying again in ${Math.max(1, Math.round(wait / 1000))} s`);
  },
});

function setState(state, text = states[state]) {
  const element = $("state");
  element.dataset.state = state;
  setText(element, text);
}

/** Sets a text only if it changed: the same text would be laid out and read aloud again. */
function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Shows at the next frame; when very many come, only a few times a second, so that the page scrolls smoothly. */
function schedule() {
  frame ||= document.hidden || torrent() ? setTimeout(show, PACE_MS) : requestAnimationFrame(show);
}

function torrent() {
  const now = performance.now();
  came = came.filter(at => now - at < 1_000);
  return came.length > TORRENT;
}

// a hidden page has no frames, and the queue would grow until the reader comes back
document.addEventListener("visibilitychange", () => arrived.length && show());

/** Everything that arrived since the last frame, at once. */
function show() {
  frame = 0;
  const batch = arrived;
  arrived = [];
  if (!listed) {
    // they are merged when the list has been read
    pending.push(...batch);
    return;
  }
  if (readingElsewhere()) {
    pending.push(...batch);
    batch.forEach(gift => saveForm.arrived(gift.event_id, false));
    if (pending.length > MOST_PENDING) {
      pending = pending.slice(-MOST_PENDING);
      tooMany = true;
    }
    updatePill();
    return;
  }
  put(batch);
}

function put(batch) {
  const added = gifts.add(batch, true);
  gifts.trim();
  batch.forEach(gift => saveForm.arrived(gift.event_id, true));
  if (added) {
    announce(added);
    drawEmblem();
    updateEnd();
  }
}

// ---- the reader has scrolled down: nothing moves, new gifts are held back

let topInSight = true;
new IntersectionObserver(([entry]) => {
  topInSight = entry.isIntersecting;
  if (!readingElsewhere()) {
    reveal();
  }
}, {rootMargin: "60px 0px 1000000px 0px"}).observe($("top"));

function readingElsewhere() {
  return !topInSight || (document.activeElement !== container && container.contains(document.activeElement));
}

function updatePill() {
  const pill = $("pill");
  pill.hidden = pending.length === 0;
  pill.textContent = `${pending.length}${tooMany ? "+" : ""} new`;
  document.title = pending.length ? `(${pending.length}${tooMany ? "+" : ""}) The Gibsey Vault` : "The Gibsey Vault";
}

function reveal() {
  if (!listed || pending.length === 0) {
    return;
  }
  const batch = pending;
  const gap = tooMany;
  pending = [];
  tooMany = false;
  updatePill();
  if (gap) {
    forget();
    loadOlder();
  } else {
    put(batch);
  }
}

$("pill").addEventListener("click", () => {
  container.focus({preventScroll: true});
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  reveal();
  $("top").scrollIntoView({behavior: smooth ? "smooth" : "instant", block: "center"});
});

// ---- the list

/** Reads the next page of the list: its first, or the one after the oldest gift shown. */
async function loadOlder() {
  if (loading || gifts.complete) {
    return;
  }
  loading = true;
  const mine = generation;
  const query = new URLSearchParams(filter);
  query.set("limit", PAGE_OF_LIST);
  const oldest = listed ? gifts.oldest : null;
  if (oldest) {
    query.set("before", `${oldest.created_at}_${oldest.id}`);
  }
  try {
    const answer = await session.fetch(`/vault/list?${query}`);
    if (!answer.ok) {
      throw new Error(`the list answered ${answer.status}`);
    }
    const rows = parse(await answer.text());
    if (mine !== generation) {
      return;
    }
    const added = gifts.add(rows, false);
    gifts.complete = rows.length < PAGE_OF_LIST || added === 0;
    if (!listed) {
      listed = true;
      container.setAttribute("aria-busy", "false");
      const meanwhile = pending;
      pending = [];
      put(meanwhile);
      drawEmblem();
    }
    updateEnd();
    if ($("end").getBoundingClientRect().top < innerHeight) {
      setTimeout(loadOlder);
    }
  } catch (error) {
    console.warn(error);
    if (mine === generation) {
      $("end").textContent = "The vault cannot be read at the moment. Trying again…";
      setTimeout(() => mine === generation && loadOlder(), 2_000);
    }
  } finally {
    loading = mine === generation ? false : loading;
  }
}

new IntersectionObserver(([entry]) => {
  if (entry.isIntersecting && listed) {
    loadOlder();
  }
}, {rootMargin: "0px 0px 900px 0px"}).observe($("end"));

function updateEnd() {
  setText($("end"), !gifts.complete ? "" : gifts.size ? "⁂" : "Nothing here yet. The first gift could be yours.");
}

/** Removes all gifts; answers to earlier requests are dropped. */
function forget() {
  generation++;
  loading = false;
  listed = false;
  pending = [];
  tooMany = false;
  arrived = [];
  updatePill();
  gifts.clear();
  $("end").textContent = "";
  container.setAttribute("aria-busy", "true");
}

// ---- the filter, kept in the URL

/** Whether the server accepts the value: an integer of the field's size. */
function filters(name, value) {
  return /^-?\d{1,19}$/.test(value ?? "") && BigInt.asIntN(FILTERS[name], BigInt(value)) === BigInt(value);
}

function readLocation() {
  const query = new URLSearchParams(location.search);
  filter = new URLSearchParams(
    Object.keys(FILTERS).filter(name => filters(name, query.get(name))).map(name => [name, query.get(name)]));
  for (const name of Object.keys(FILTERS)) {
    const field = $("filter").elements[name];
    field.value = filter.get(name) ?? "";
    field.removeAttribute("aria-invalid");
  }
  const page = filter.get("page_id");
  const symbol = filter.get("symbol_id");
  $("all").textContent = page || symbol ? "← All pages" : "All pages";
  container.setAttribute("aria-label",
    `Gifts${page ? ` of page ${page}` : ""}${symbol ? ` with symbol ${symbol}` : ""}, newest first`);
  if (page) {
    $("page_id").value = page;
  }
  sessionStorage.setItem("gibsey.list", location.search);
  forget();
  // the list is read once the stream has started, so that no gift is missed between the two
  stream.open(filter.toString());
}

function go(query) {
  history.pushState(null, "", query ? `/?${query}` : "/");
  scrollTo({top: 0, behavior: "instant"});
  readLocation();
}

addEventListener("popstate", readLocation);
document.addEventListener("click", event => {
  const link = event.target.closest("a[href^='/']");
  if (link && link.pathname === "/" && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    go(new URL(link.href).searchParams.toString());
  }
});
$("filter").addEventListener("submit", event => {
  event.preventDefault();
  const query = new URLSearchParams();
  let wrong = null;
  for (const name of Object.keys(FILTERS)) {
    const field = event.target.elements[name];
    const value = field.value.trim();
    field.removeAttribute("aria-invalid");
    if (filters(name, value)) {
      query.set(name, value);
    } else if (value) {
      field.setAttribute("aria-invalid", "true");
      wrong ??= field;
    }
  }
  if (wrong) {
    wrong.focus();
  } else {
    go(query.toString());
  }
});

// ---- saving

const took = [];
export const saveForm = new SaveForm(session, milliseconds => {
  took.push(milliseconds);
  if (took.length > 1_000) {
    took.shift();
  }
  const sorted = [...took].sort((a, b) => a - b);
  const median = Math.round(sorted[Math.floor(sorted.length / 2)]);
  const p99 = Math.round(sorted[Math.ceil(sorted.length * 0.99) - 1]);
  const figure = $("latency");
  figure.hidden = false;
  figure.textContent = `Save to screen: ${Math.round(milliseconds)} ms`
    + (took.length > 1 ? `, median ${median}, p99 ${p99} of ${took.length}` : "");
});

// ---- keyboard, as the ARIA feed pattern has it

container.addEventListener("keydown", event => {
  const step = {PageDown: 1, j: 1, PageUp: -1, k: -1}[event.key];
  if (!step || event.ctrlKey || event.altKey || event.metaKey) {
    return;
  }
  const current = document.activeElement.closest(".gift");
  const next = current
    ? step > 0 ? current.nextElementSibling : current.previousElementSibling
    : container.firstElementChild;
  if (next) {
    event.preventDefault();
    next.focus();
  }
});
container.addEventListener("focusout", () => setTimeout(() => readingElsewhere() || reveal()));
container.addEventListener("click", event => {
  if (event.target.matches(".more")) {
    const gift = event.target.closest(".gift");
    const folded = gift.classList.toggle("long");
    event.target.textContent = folded ? "Read on" : "Read less";
    event.target.setAttribute("aria-expanded", String(!folded));
  }
});

/** Announces new gifts to screen readers, at most every few seconds. */
function announce(count) {
  announced += count;
  if (announced === count) {
    setTimeout(() => {
      $("announcer").textContent = `${announced} new ${announced === 1 ? "gift" : "gifts"}`;
      announced = 0;
    }, 4_000);
  }
}

// ---- the emblem: the figure of the newest gift's symbol

let drawn = NaN;
let drawing = 0; // timer while a figure is drawn; the next one waits for it
function drawEmblem() {
  const newest = gifts.newest;
  const number = newest ? newest.symbol_id ?? Number(BigInt(newest.page_id) % 16n) : 3;
  if (drawing || number === drawn) {
    return;
  }
  drawn = number;
  drawing = setTimeout(() => {
    drawing = 0;
    drawEmblem();
  }, DRAWING_MS);
  const svg = $("emblem");
  svg.classList.remove("draw");
  svg.firstElementChild.setAttribute("d", emblem(number));
  requestAnimationFrame(() => svg.classList.add("draw"));
}

const wide = matchMedia("(min-width: 62rem)");
const unfold = () => $("save").open = wide.matches || $("save").open;
wide.addEventListener("change", unfold);
unfold();

// ---- who reads

// what one reader sees is no other's
showAccount(session, readLocation, () => saveForm.keep());
readLocation();
