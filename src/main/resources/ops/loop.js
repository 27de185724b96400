// The loop in figures: counters of this process, and the lag of the consumer group as the broker has it.

import {quantile, rate} from "./metrics.js";
import {count, duration, element, perSecond, say} from "./words.js";

const LATENCY = "gifts_stored_latency_seconds";
const RATE_MS = 10_000;
const MINUTE_MS = 60_000;
const CALLERS_FAULT = ["malformed", "slow", "large", "type", "invalid", "share", "rate", "signin", "token", "guesses"];

const $ = id => document.getElementById(id);

export class Loop {
  #readings = []; // of the last minute, oldest first

  /**
   * Shows one more reading.
   *
   * @param roles   what this process does: {saves, stores}
   * @param letters the dead letters as listed, null when they could not be
   */
  show(reading, roles, letters) {
    this.#readings.push(reading);
    this.#readings = this.#readings.filter(({at}) => reading.at - at <= MINUTE_MS + 1_000);
    const earlier = this.#readings.find(({at}) => reading.at - at <= RATE_MS + 500);
    const perSecondOf = name => earlier === reading ? NaN : rate(name, earlier, reading);

    station("accepted", count(reading.value("gifts_accepted_total")), sinceStart(perSecondOf("gifts_accepted_total")),
      roles.saves, "This process takes no saves: it has no route for them.");
    station("stored", count(reading.value("gifts_stored_total")), sinceStart(perSecondOf("gifts_stored_total")),
      roles.stores, "This process stores nothing: it has no route for that.");
    say($("refused"), roles.saves ? refused(reading) : "");
    dead(letters);

    const waiting = reading.value("gifts_lag_records");
    station("in-flight", count(waiting), Number.isNaN(waiting) ? "the broker does not say" : "waiting in the topic");
    const lag = reading.value("gifts_lag_seconds");
    station("lag", duration(lag), Number.isNaN(lag) ? "the broker does not say" : lag === 0 ? "nothing waits" : "age of the oldest event");

    this.#pace(reading, roles);
    audit(reading, roles);
  }

  /** The process did not answer: shows no figure rather than an old one. */
  lost() {
    document.querySelectorAll(".stations > div").forEach(({id}) => station(id, "–", ""));
    this.#readings = [];
  }

  #pace(reading, roles) {
    const minute = this.#readings[0] === reading ? null : this.#readings[0];
    for (const [id, share] of [["p50", .5], ["p99", .99]]) {
      const lately = minute ? quantile(share, LATENCY, minute, reading) : NaN;
      const ever = quantile(share, LATENCY, null, reading);
      station(id, duration(Number.isNaN(lately) ? ever : lately),
        Number.isNaN(ever) ? "nothing stored yet"
          : Number.isNaN(lately) ? "since the start; nothing lately" : `in the last minute; since the start ${duration(ever)}`,
        roles.stores, "The workers measure it.");
    }
  }
}

/** Sets figure and small print of a station; has says whether this process has it, hasNot why not. */
function station(id, figure, print, has = true, hasNot = "") {
  const place = $(id);
  place.classList.toggle("absent", !has);
  say(place.querySelector(".figure"), has ? figure : "–");
  say(place.querySelector(".rate"), has ? print : hasNot);
}

function sinceStart(rate) {
  return ["since the start", perSecond(rate)].filter(Boolean).join("; ");
}

/** Saves that were not accepted, by whose fault it was. */
function refused(reading) {
  const found = reading.samples("gifts_rejected_total").filter(({value}) => value > 0);
  const of = (whose, samples) => {
    const all = samples.reduce((sum, {value}) => sum + value, 0);
    const each = samples.map(({labels, value}) => `${count(value)} ${labels.reason}`).join(", ");
    return `${count(all)} by ${whose}${each && ` (${each})`}`;
  };
  const theirs = ({labels}) => CALLERS_FAULT.includes(labels.reason);
  return `Refused since the start: ${of("fault of the caller", found.filter(theirs))}, ${of("our fault", found.filter(sample => !theirs(sample)))}.`;
}

/** Those that wait for somebody, from the table: what came of the others is known. */
function dead(letters) {
  const waiting = letters?.waiting ?? [];
  const all = letters ? waiting.reduce((sum, {letters}) => sum + letters, 0) : NaN;
  station("dead", count(all), !letters ? "the table cannot be read"
    : all === 0 ? "no dead letter waits" : waiting.map(({reason, letters}) => `${count(letters)} ${reason}`).join(", "));
  $("dead").classList.toggle("warn", all > 0);
}

function audit(reading, roles) {
  const missing = reading.value("gifts_unaccounted");
  const age = reading.value("gifts_ledger_round_age_seconds");
  $("audit").classList.toggle("alarm", missing > 0);
  station("audit", count(missing), missing > 0 ? "before the committed offset, and neither row nor dead letter"
    : Number.isNaN(age) ? "all that was compared is a row or a dead letter"
      : `all before the committed offsets are rows or dead letters; whole topic compared ${duration(age)} ago`,
  roles.stores, "The workers compare topic and tables.");
}

/** The answer of the ledger, in a sentence. */
export function walked(report) {
  const parts = [
    `${count(report.stored)} stored`, `${count(report.dead)} dead`, `${count(report.inFlight)} in flight`,
    report.duplicates && `${count(report.duplicates)} duplicate`,
    report.unaccounted && `${count(report.unaccounted)} unaccounted`].filter(Boolean);
  return `${count(report.events)} events in ${report.topics.join(" and ")}: ${parts.join(", ")}. `
    + (report.stopped ? "Stopped before the end: this is no verdict." : report.balanced ? "Every event is accounted for." : "Not every event is accounted for.");
}

let partsShown = "";

/** The parts of readiness, worst first. */
export function parts(list, components) {
  const news = JSON.stringify(components);
  if (news === partsShown) {
    return;
  }
  partsShown = news;
  const order = Object.entries(components).sort(([, one], [, other]) => (one.status === "UP") - (other.status === "UP"));
  list.replaceChildren(...order.map(([name, {status, details}]) => {
    const item = element("li", "part");
    item.dataset.status = status;
    item.append(element("span", "name", NAMES[name] ?? name), " ", element("span", "why", details?.reason ?? WORDS[status] ?? status.toLowerCase()));
    return item;
  }));
}

const NAMES = {readinessState: "start", consumer: "consumers"};
const WORDS = {UP: "up", DOWN: "down", OUT_OF_SERVICE: "out of service", UNKNOWN: "not known"};
