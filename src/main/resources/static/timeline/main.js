// The timeline page: connects list, stream, filter and form.

import {Session, showAccount, Stream} from "./session.js"; // first: it takes tokens out of the address
import {Changing, compare, Gifts, offerKeys, parse} from "./gift.js";
import {SaveForm} from "./save.js";
import {emblem, loadSymbols, nameOf, symbols} from "../book/sigil.js";

const PAGE_OF_LIST = 30;
const PAGE_ON_THE_WAY_BACK = 100;
const THE_VERY_FIRST = "0001-01-01T00:00:00Z_0"; // comes after this place
const MOST_ON_THE_WAY_BACK = 3_000;
const SEARCH_AGAIN_MS = 2_000; // a gift is in the index of words a moment after it was stored
const MOST_PIECES = 10; // of what is found are read in a row: a piece has few gifts where their texts are long
const MOST_PENDING = 500;
const TORRENT = 30; // more gifts a second than this are shown every PACE_MS, not every frame
const PACE_MS = 150;
const DRAWING_MS = 3_000;
const FILTERS = {page_id: 64, symbol_id: 32, q: 200}; // bits of a number, characters of a text

const $ = id => document.getElementById(id);
const container = $("gifts");
const states = {
  "opening": "Opening the vault…",
  "catching-up": "Catching up…",
  "waiting": "The database is away; what you save is kept, and shown when it is back",
  "live": "Live",
  "signed-out": "Sign in to see your gifts",
};

export const [session] = await Promise.all([Session.begin(), loadSymbols()]);

const gifts = new Gifts(container, gift => session.mayChange(gift));
const changing = new Changing(container, session, gifts, words => $("announcer").textContent = words);

let filter = new URLSearchParams(); // the valid filters of the URL
let isThread = false; // the gifts of one page from its first on; new ones are at the end, once that has been reached
let isRead = true; // the last time that the list was asked for
let generation = 0; // of the filter; answers to requests of an older one are dropped
let pending = []; // gifts held back because the reader has scrolled down, or has not read a thread so far
let dropped = null; // of more than are held back the one furthest on that was let go: the list has them
let arrived = []; // gifts that go to the page with the next frame
let came = []; // arrival times within the last second
let frame = 0; // the animation frame that shows them, or the timer while the page is hidden
let isDropped = false; // whether that was since the list was asked for its next piece
let listed = false; // whether the list has been read since the filter changed
let loading = false;
let reading = 0; // pieces of the list that are on their way
const meanwhile = new Map(); // event ids to what they are by now, null when gone: the list may have been read before
let announced = 0;
let place = null; // where the reader was before: what is looked for in the list until it is there again
let unreadFrom = null; // of a thread that was left: the first gift that its reader had been told of and not read
let searching = 0; // timer after which a search is made again
let sought = null; // the oldest gift that came since the search was made

// ---- the stream

const stream = new Stream(session, {
  gift(json) {
    arrived.push(parse(json));
    came.push(performance.now());
    schedule();
  },
  changed(json) {
    const gift = parse(json);
    reading && meanwhile.set(gift.event_id, gift);
    const waiting = [arrived, pending].find(gifts => gifts.some(({event_id}) => event_id === gift.event_id));
    if (waiting) {
      waiting.splice(waiting.findIndex(({event_id}) => event_id === gift.event_id), 1, gift);
    } else if (!changing.changed(gift) && !(isThread && gifts.isBeyond(gift))) {
      // restored, or of these only now; what of a thread is not read yet will be read as it is now
      arrived.push(gift);
      schedule();
    }
  },
  gone(json) {
    const {event_id} = JSON.parse(json);
    reading && meanwhile.set(event_id, null);
    [arrived, pending] = [arrived, pending].map(gifts => gifts.filter(gift => gift.event_id !== event_id));
    updatePill();
    changing.gone(event_id);
    listed && updateEnd();
  },
  position({live}) {
    setState(live ? "live" : "waiting");
    if (live && !listed && !loading) {
      loadMore();
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

let told = []; // what the stream has last said
function setState(state, text = states[state]) {
  const element = $("state");
  told = [state, text];
  const isLive = state === "live" && isRead;
  element.dataset.state = isLive || state !== "live" ? state : "waiting";
  setText(element, isLive || state !== "live" ? text : "New gifts arrive; the others cannot be read at the moment");
}

/** Who reads "live" believes that all is well. */
function tellWhetherRead(is) {
  if (isRead !== is) {
    isRead = is;
    setState(...told);
  }
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
  if (filter.has("q")) {
    // whether they have the words is for the vault to say
    seek(batch);
  } else if (listed) {
    hold(batch);
  } else {
    // they are merged when the list has been read
    pending.push(...batch);
  }
}

/** Shows gifts that came, or keeps them while the reader is elsewhere: in a thread those that are beyond what has been read of it. */
function hold(batch) {
  const held = new Set(isThread ? batch.filter(gift => gifts.isBeyond(gift)) : place || readingElsewhere() ? batch : []);
  pending.push(...held);
  isThread && held.size && pending.sort((one, other) => compare(other, one));
  held.forEach(gift => saveForm.arrived(gift.event_id, isThread ? "it is at the end" : "scroll up to see it"));
  if (pending.length > MOST_PENDING) {
    // of a thread the first ones, which the reader gets to by the list before the others
    drop(pending.at(-MOST_PENDING - 1));
    pending = pending.slice(-MOST_PENDING);
  }
  updatePill();
  if (isThread && pending.length && !history.state?.unread) {
    // at once: what is kept while the page goes is too late for one that is loaded again
    keepPlace();
  }
  if (held.size < batch.length) {
    put(batch.filter(gift => !held.has(gift)));
  }
}

function drop(gift) {
  dropped = dropped && compare(dropped, gift) < 0 ? dropped : gift;
  isDropped = true;
}

/** Whether there are more than are held back. */
function tooMany() {
  return dropped !== null && (!isThread || gifts.isBeyond(dropped));
}

function put(batch) {
  const added = gifts.add(batch, true);
  gifts.trim();
  batch.forEach(gift => saveForm.arrived(gift.event_id, ""));
  if (added) {
    announce(added);
    drawEmblem();
    updateEnd();
  }
}

// ---- the reader has scrolled down: nothing moves, new gifts are held back

let topInSight = true;
// on a busy machine several come at once, of which the last one holds
new IntersectionObserver(entries => {
  topInSight = entries.at(-1).isIntersecting;
  if (!readingElsewhere()) {
    reveal();
  }
}, {rootMargin: "60px 0px 1000000px 0px"}).observe($("top"));

function readingElsewhere() {
  return !topInSight || (document.activeElement !== container && container.contains(document.activeElement));
}

function updatePill() {
  const pill = $("pill");
  const count = `${pending.length}${tooMany() ? "+" : ""}`;
  pill.hidden = pending.length === 0;
  pill.textContent = `${count} new${isThread ? " at the end" : ""}`;
  document.title = pending.length ? `(${count}) The Gibsey Vault` : "The Gibsey Vault";
}

function reveal() {
  if (!listed || place || isThread || pending.length === 0) {
    return;
  }
  const batch = pending;
  const gap = tooMany();
  pending = [];
  dropped = null;
  updatePill();
  if (gap) {
    forget();
    loadMore();
  } else {
    put(batch);
  }
}

$("pill").addEventListener("click", () => {
  if (isThread) {
    // however long it is: where they are first
    $("order").click();
    return;
  }
  container.focus({preventScroll: true});
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  reveal();
  $("top").scrollIntoView({behavior: smooth ? "smooth" : "instant", block: "center"});
});

// ---- the list

/** A piece of the list, or of what is found, whether there is more, and what was changed while it was read. */
async function read(limit, last, isForward = isThread) {
  const query = new URLSearchParams(filter);
  query.set("limit", limit);
  if (last || isForward) {
    query.set(isForward ? "after" : "before", last ? `${last.created_at}_${last.id}` : THE_VERY_FIRST);
  }
  reading++;
  try {
    const answer = await session.fetch(`/vault/${filter.has("q") ? "search" : "list"}?${query}`);
    if (answer.status === 422 && filter.has("q")) {
      return {rows: [], isMore: false, refusal: "Name a word to look for, and not only what to leave out."};
    }
    if (answer.status === 503 && filter.has("q") && await isTooLong(answer)) {
      return {rows: [], isMore: false, refusal: "This search takes the vault too long. Name another word beside these, or a page."};
    }
    if (!answer.ok) {
      throw new Error(`the list answered ${answer.status}`);
    }
    const rows = latest(parse(await answer.text()));
    if (isThread && last && rows.length && compare(rows[0], last) >= 0) {
      // of a server, or a route, from before there were threads: it would be asked again and again
      throw new Error("the list does not lead on");
    }
    return {rows, isMore: answer.headers.has("Link"), changed: [...meanwhile.values()].filter(Boolean)};
  } finally {
    reading--;
    reading || meanwhile.clear();
  }
}

/** Whether the same would end the same way when it is tried again. */
async function isTooLong(answer) {
  const problem = await answer.json().catch(() => ({}));
  return problem.type === "/problems#long";
}

function latest(rows) {
  return rows.map(row => meanwhile.has(row.event_id) ? meanwhile.get(row.event_id) : row).filter(Boolean);
}

/** Reads the next page of the list: its first, or the one after the last gift shown. */
async function loadMore(last = listed ? gifts.last : null) {
  if (loading || gifts.complete) {
    return;
  }
  loading = true;
  isDropped = false;
  const mine = generation;
  let readOn = null;
  try {
    // before the piece: what is changed after it was read is to be seen on the page
    const newest = unreadFrom ? await read(PAGE_ON_THE_WAY_BACK, null, false) : {rows: []};
    const {rows, isMore, refusal, changed} = await read(place ? PAGE_ON_THE_WAY_BACK : PAGE_OF_LIST, last);
    if (mine !== generation) {
      return;
    }
    tellWhetherRead(true);
    const waiting = newest.rows.filter(row => compare(row, unreadFrom) <= 0);
    unreadFrom = null;
    if (newest.isMore && waiting.length && waiting.length === newest.rows.length) {
      drop(waiting.at(-1));
    }
    // what came since the reader was here is unread
    const unread = place && !isThread ? rows.filter(row => compare(row, place.newest) < 0) : [];
    gifts.add(rows.slice(unread.length), false);
    // what was dropped while its last piece was read may not be in it, and is in another one
    gifts.complete = !isMore && !(isThread && isDropped);
    if (place || !listed || isThread) {
      const meanwhile = pending;
      // brought back while the piece was read, which may not have them
      const restored = isThread ? changed.filter(gift => !gifts.isBeyond(gift)) : [];
      pending = [];
      hold(distinct([...unread, ...waiting.filter(gift => gifts.isBeyond(gift)), ...meanwhile, ...restored]));
    }
    if (!listed) {
      listed = true;
      container.setAttribute("aria-busy", "false");
      drawEmblem();
    }
    updateEnd(refusal);
    // in a thread as far as the reader had come
    if (place && !returned() && isMore
        && (isThread ? gifts.isBeyond(place.newest) : gifts.size + pending.length < MOST_ON_THE_WAY_BACK)) {
      readOn = () => loadMore(rows.at(-1));
      return;
    }
    place = null;
    readingElsewhere() || reveal();
    // it tells of a change only, and the end may be in sight yet, or again
    atEnd.unobserve($("end"));
    atEnd.observe($("end"));
  } catch (error) {
    console.warn(error);
    if (mine === generation) {
      $("end").textContent = "The vault cannot be read at the moment. Trying again…";
      tellWhetherRead(false);
      setTimeout(() => mine === generation && loadMore(last), 2_000);
    }
  } finally {
    loading = mine === generation ? false : loading;
    // only now: while it is on its way nothing else is read
    readOn?.();
  }
}

/** Without those that are shown, or there twice. */
function distinct(batch) {
  const byId = new Map(batch.map(gift => [gift.event_id, gift]));
  return [...byId.values()].filter(gift => !gifts.has(gift.event_id));
}

/** Has the search made again, as far back as to these gifts. */
function seek(batch) {
  if (tooMany()) {
    // the list is read anew when the reader is there
    return;
  }
  sought = [...batch, sought].filter(Boolean).sort(compare).at(-1);
  searching ||= setTimeout(searchAgain, SEARCH_AGAIN_MS);
}

/** Finds what has come to a search: piece by piece as far back as gifts came, but no more than are held back. */
async function searchAgain() {
  const mine = generation;
  const oldest = sought;
  searching = 0;
  if (!listed) {
    seek([]);
    return;
  }
  sought = null;
  const found = [];
  let rows = [];
  let isMore = true;
  // what is beyond is read when the reader gets there
  const isBeyond = gift => gifts.size > 0 && gifts.isBeyond(gift);
  try {
    for (let pieces = 0; isMore && pieces < MOST_PIECES && found.length < MOST_PENDING; pieces++) {
      ({rows, isMore} = await read(pieces ? PAGE_ON_THE_WAY_BACK : PAGE_OF_LIST, rows.at(-1)));
      if (mine !== generation) {
        return;
      }
      found.push(...rows);
      isMore &&= rows.length > 0 && compare(rows.at(-1), oldest) < 0 && !isBeyond(rows.at(-1));
    }
  } catch (error) {
    console.warn(error);
    mine === generation && seek([oldest]);
    return;
  }
  const held = new Set(pending.map(gift => gift.event_id));
  const isNew = gift => !gifts.has(gift.event_id) && !held.has(gift.event_id);
  if (isMore && rows.every(isNew)) {
    // there are more than were read, and before those that are shown
    drop(rows.at(-1));
    if (!place && !readingElsewhere()) {
      forget();
      loadMore();
      return;
    }
  }
  const added = found.filter(gift => isNew(gift) && !isBeyond(gift));
  const meanwhile = pending;
  pending = [];
  hold(distinct([...meanwhile, ...added]));
  if (added.length) {
    // the index of words takes in the newest first: those before them may come to it yet
    seek([oldest]);
  }
}

// on a busy machine several come at once, of which the last one holds
const atEnd = new IntersectionObserver(entries => {
  if (entries.at(-1).isIntersecting && listed) {
    loadMore();
  }
}, {rootMargin: "0px 0px 900px 0px"});
atEnd.observe($("end"));

function updateEnd(refusal) {
  setText($("end"),
    refusal ? refusal
      : !gifts.complete ? ""
        : gifts.size ? "⁂"
          : filter.has("q") ? "No gift has these words." : "Nothing here yet. The first gift could be yours.");
}

/** Removes all gifts; answers to earlier requests are dropped. */
function forget() {
  generation++;
  clearTimeout(searching);
  searching = 0;
  sought = null;
  loading = false;
  listed = false;
  pending = [];
  dropped = null;
  arrived = [];
  updatePill();
  gifts.clear(isThread);
  $("end").textContent = "";
  container.setAttribute("aria-busy", "true");
}

// ---- the filter, kept in the URL

/** Whether the server accepts the value: an integer of the field's size, or words. */
function filters(name, value) {
  return name === "q"
    ? Boolean(value) && [...value].length <= FILTERS.q
    : /^-?\d{1,19}$/.test(value ?? "") && BigInt.asIntN(FILTERS[name], BigInt(value)) === BigInt(value);
}

for (const {id, name} of symbols) {
  $("filter-symbol").add(new Option(name, id));
}

function readLocation() {
  const query = new URLSearchParams(location.search);
  filter = new URLSearchParams(
    Object.keys(FILTERS)
      .map(name => [name, query.get(name)?.trim()])
      .filter(([name, value]) => filters(name, value)));
  const page = filter.get("page_id");
  const symbol = filter.get("symbol_id");
  const words = filter.get("q");
  if (symbol && ![...$("filter-symbol").options].some(option => option.value === symbol)) {
    $("filter-symbol").add(new Option(symbol, symbol));
  }
  for (const name of Object.keys(FILTERS)) {
    const field = $("filter").elements[name];
    field.value = filter.get(name) ?? "";
    field.removeAttribute("aria-invalid");
  }
  isThread = Boolean(page) && !words && query.get("order") === "saved";
  $("all").textContent = filter.size ? "← All gifts" : "All gifts";
  const other = new URLSearchParams(filter);
  isThread || other.set("order", "saved");
  $("order").href = `/?${other}`;
  $("order").textContent = isThread ? "Newest first" : "From the first on";
  $("order").hidden = !page || Boolean(words);
  nameList();
  saveForm.suggest(page);
  // what a page of before has kept says no place in the order
  place = history.state?.place?.at ? history.state.place : null;
  unreadFrom = isThread ? history.state?.unread ?? null : null;
  forget();
  // the list is read once the stream has started, so that no gift is missed between the two
  const live = new URLSearchParams(filter);
  live.delete("q");
  $("feed").href = live.size ? `/feed?${live}` : "/feed";
  stream.open(live.toString());
}

function nameList() {
  const [page, symbol, words] = ["page_id", "symbol_id", "q"].map(name => filter.get(name));
  container.setAttribute("aria-label",
    `Gifts${page ? ` of page ${page}` : ""}${symbol ? ` with ${nameOf(symbol)}` : ""}${words ? ` that have ${words}` : ""}, `
      + (isThread ? "as they were left" : "newest first"));
}

function go(query) {
  keepPlace();
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
    const value = field.value.trim().replace(/\s+/g, " ");
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

// ---- the place of the reader: kept with the entry of the history, and for the way back from the page of a gift

history.scrollRestoration = "manual";
const LIST = "gibsey.list";
const RETURN = "gibsey.return"; // set by the page of a gift

function keepPlace() {
  if (!listed || place) {
    return;
  }
  const top = !topInSight && [...container.children].find(gift => gift.getBoundingClientRect().bottom > 0);
  const placeOf = ({created_at, id} = {}) => ({created_at, id});
  const kept = {
    place: top ? {
      at: placeOf(gifts.find(top.dataset.event).gift),
      top: top.getBoundingClientRect().top,
      newest: placeOf(gifts.newest),
    } : null,
    unread: isThread && pending.length ? placeOf(pending[0]) : null,
  };
  history.replaceState(kept, "");
  sessionStorage.setItem(LIST, JSON.stringify({search: location.search, ...kept}));
}

addEventListener("scrollend", keepPlace);
addEventListener("pagehide", keepPlace);
if (sessionStorage.getItem(RETURN)) {
  sessionStorage.removeItem(RETURN);
  const list = JSON.parse(sessionStorage.getItem(LIST) ?? "{}");
  if (list.search === location.search) {
    history.replaceState({place: list.place, unread: list.unread}, "");
  }
}

/** Whether the gift is there again that the reader had before the eyes, or the nearest one if that is gone; then it is where it was. */
function returned() {
  const {at, top} = place;
  const {event_id} = gifts.nearest(at) ?? {};
  if (!event_id) {
    return false;
  }
  topInSight = false;
  // heights are guesses until what is above has been laid out; a reader who moves has the last word
  let frames = 30;
  const settle = () => {
    const off = gifts.find(event_id)?.element.getBoundingClientRect().top - top;
    if (Math.abs(off) >= 1) {
      scrollBy({top: off, behavior: "instant"});
    }
    if (frames-- > 0) {
      requestAnimationFrame(settle);
    }
  };
  for (const move of ["wheel", "touchstart", "keydown", "pointerdown"]) {
    addEventListener(move, () => frames = 0, {once: true, passive: true});
  }
  settle();
  return true;
}

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

// ---- keyboard; of these PageDown and PageUp are the ARIA feed pattern's

/** To the next gift or the one before; from elsewhere to the first one in sight. Returns whether there is one. */
function step(by) {
  const current = document.activeElement.closest(".gift");
  const next = !current ? [...container.children].find(gift => gift.getBoundingClientRect().bottom > 0)
    : by > 0 ? current.nextElementSibling : current.previousElementSibling;
  next?.focus();
  return Boolean(next);
}

container.addEventListener("keydown", event => {
  const by = {PageDown: 1, PageUp: -1}[event.key];
  if (by && !event.ctrlKey && !event.altKey && !event.metaKey && step(by)) {
    event.preventDefault();
  }
});
offerKeys({
  j: () => step(1),
  k: () => step(-1),
  "/"() {
    $("filter-words").focus();
    $("filter-words").select();
  },
});
container.addEventListener("focusout", () => setTimeout(() => readingElsewhere() || reveal()));
container.addEventListener("click", event => {
  if (event.target.matches(".more")) {
    const gift = event.target.closest(".gift");
    const {top} = event.target.getBoundingClientRect();
    const folded = gift.classList.toggle("long");
    event.target.textContent = folded ? "Read on" : "Read less";
    event.target.setAttribute("aria-expanded", String(!folded));
    if (folded) {
      // who was at its end still is
      scrollBy({top: event.target.getBoundingClientRect().top - top, behavior: "instant"});
    }
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
showAccount(session, () => {
  changing.readerChanged();
  readLocation();
  saveForm.resume();
}, () => saveForm.keep());
readLocation();
