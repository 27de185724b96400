// The page of one gift: shows it, or says in words what became of it.

import {Session, showAccount, Stream} from "./session.js"; // first: it takes tokens out of the address
import {article, Changing, compare, offerKeys, parse, replace, whyNotStored} from "./gift.js";
import {emblem, loadSymbols} from "../book/sigil.js";
import {offerLink} from "./share.js";

const FIRST_LOOK_MS = 2_000;
const AGAIN_MS = 15_000; // at most, while the vault cannot be read
const CALM_MS = 20_000; // between looks for a gift that may be long in coming

const $ = id => document.getElementById(id);
const id = decodeURIComponent(location.pathname.split("/").pop()).toLowerCase();
let timer = 0;
let due = null; // the look that waits until the reader sees the page
let shown = null; // the gift, while there is one
let isOpen = false; // the stream
let isSure = false; // whether nothing was missed between the look at it and the stream
let told = 0; // how often the stream told of it, or the reader became another: what was read before is worthless

const [session] = await Promise.all([Session.begin(), loadSymbols()]);

const gifts = {
  find: () => shown ? {gift: shown, element: $("gift-place").firstElementChild} : undefined,
  change(gift) {
    shown && show({...gift, status: "stored"});
    return Boolean(shown);
  },
  remove() {
    show({status: "deleted"});
  },
};
const changing = new Changing($("gift-place"), session, gifts, words => $("announcer").textContent = words);
const nothing = () => {};
const handlers = {
  gift: nothing, opening: nothing, opened: nothing, lost: nothing, refused: nothing,
  changed(json) {
    const gift = parse(json);
    if (gift.event_id === id) {
      told++;
      // one that was deleted is brought back
      changing.changed(gift) || show({...gift, status: "stored"});
    }
  },
  gone(json) {
    if (JSON.parse(json).event_id === id) {
      told++;
      changing.gone(id);
    }
  },
  position() {
    if (!isSure) {
      isSure = true;
      look();
    }
  },
  reset() {
    isSure = false;
  },
};
let stream = null; // of the gift's page, once that is known

/**
 * @param wait for a gift that is not there, until the next look
 * @param away until the next look while the vault cannot be read, which says nothing of the gift
 */
async function look(wait = FIRST_LOOK_MS, away = FIRST_LOOK_MS) {
  clearTimeout(timer);
  due = null;
  if (!session.mayRead) {
    clear();
    say("Sign in to see this gift.");
    return;
  }
  const before = told;
  let answer;
  let text;
  try {
    answer = await session.fetch(`/vault/gifts/${id}`);
    text = await answer.text();
  } catch {
    answer = {status: 0};
  }
  if (before !== told) {
    // it was read before
    return;
  }
  if (answer.ok) {
    const revision = answer.headers.get("ETag")?.replaceAll('"', "");
    const gift = {...parse(text), revision};
    if (gift.status !== "stored" || gift.revision !== shown?.revision) {
      show(gift);
    }
  } else if (answer.status === 410) {
    clear();
    say("Nothing is left of this gift.");
  } else if (answer.status === 404) {
    clear();
    // however long it takes: while the database is away for an hour, so is the gift
    say(wait < CALM_MS
      ? "No gift is here yet. If it was left just now it is on its way, and shows by itself; otherwise there is none, or it is"
        + " another reader's."
      : "No gift is here: it is not stored yet, or there is none, or it is another reader's. When it is stored it shows by itself.");
    lookIn(wait, Math.min(wait * 2, CALM_MS), FIRST_LOOK_MS);
  } else {
    say(answer.status === 401 ? "Sign in to see this gift." : "The vault cannot be read at the moment. Trying again…");
    lookIn(away, wait, Math.min(away * 2, AGAIN_MS));
  }
}

/** Nobody waits for a gift on a page that nobody sees. */
function lookIn(time, wait, away) {
  timer = setTimeout(() => {
    due = () => look(wait, away);
    document.hidden || due();
  }, time);
}

document.addEventListener("visibilitychange", () => document.hidden || due?.());

function show(gift) {
  const before = gifts.find()?.element;
  if (gift.status !== "stored") {
    clear();
  }
  if (gift.status === "stored") {
    const element = article(gift, session.mayChange(gift));
    // here it is read to its end
    element.classList.remove("long");
    element.querySelector(".more").remove();
    shown = gift;
    if (before) {
      replace(before, element);
    } else {
      $("gift-place").replaceChildren(element);
    }
    $("gift-place").setAttribute("aria-busy", "false");
    if (!isOpen) {
      isOpen = true;
      stream ??= new Stream(session, handlers);
      stream.open(`page_id=${gift.page_id}`);
    }
    $("thread").href = `/?page_id=${gift.page_id}&order=saved`;
    $("thread").textContent = `More of page ${gift.page_id}`;
    $("thread").hidden = false;
    $("share").hidden = false;
    document.title = `${gift.question.replaceAll(/\s+/g, " ").slice(0, 90)} · The Gibsey Vault`;
    $("emblem").firstElementChild.setAttribute("d", emblem(gift.symbol_id ?? Number(BigInt(gift.page_id) % 16n)));
    say("");
  } else if (gift.status === "deleted") {
    say("This gift was taken back by its reader.");
  } else {
    say(`This gift could not be stored: ${whyNotStored(gift.reason)}`);
  }
}

function clear() {
  if ($("gift-place").contains(document.activeElement)) {
    $("gift-place").focus({preventScroll: true});
  }
  shown = null;
  $("gift-place").replaceChildren();
  $("gift-place").setAttribute("aria-busy", "false");
  $("thread").hidden = true;
  $("share").hidden = true;
  document.title = "A gift · The Gibsey Vault";
}

function say(words) {
  $("state").textContent = words;
}

/** To the gift of the same page that was left next, or before. */
async function step(isNext) {
  if (!shown) {
    return;
  }
  const from = shown;
  const query = new URLSearchParams({page_id: from.page_id, limit: 1, [isNext ? "after" : "before"]: `${from.created_at}_${from.id}`});
  let rows = null;
  try {
    const answer = await session.fetch(`/vault/list?${query}`);
    rows = answer.ok ? parse(await answer.text()) : null;
  } catch {
    // not reachable: said below
  }
  // a server, or a route, from before there was "after" answers with another one
  const gift = rows?.find(row => isNext ? compare(row, from) < 0 : compare(row, from) > 0);
  if (gift) {
    location.assign(`/gifts/${gift.event_id}`);
  } else {
    say(rows ? `This is the ${isNext ? "last" : "first"} gift of page ${from.page_id}.` : "The vault cannot be read at the moment.");
  }
}

$("emblem").firstElementChild.setAttribute("d", emblem(3));
// the list as the reader left it
$("back").search = JSON.parse(sessionStorage.getItem("gibsey.list") ?? "{}").search ?? "";
$("back").addEventListener("click", () => sessionStorage.setItem("gibsey.return", "1"));
offerLink(location.origin + location.pathname);
offerKeys({
  j: () => step(true),
  k: () => step(false),
  "/": () => location.assign(`/${$("back").search}#filter-words`),
});
showAccount(session, () => {
  // what one reader sees, and may do, is no other's; nor is what a look brings that is under way
  told++;
  changing.readerChanged();
  stream?.close();
  isOpen = false;
  isSure = false;
  clear();
  look();
});
look();
