// How figures, times and states are written.

const whole = new Intl.NumberFormat("en");
const fine = new Intl.NumberFormat("en", {maximumSignificantDigits: 2});
const relative = new Intl.RelativeTimeFormat("en", {numeric: "auto"});
const exact = new Intl.DateTimeFormat("en", {dateStyle: "full", timeStyle: "long"});

let ahead = 0; // ms, of the process before this machine, whose clock may be wrong

/** What the process says the time is: what it tells happened is measured by that. */
export function heard(instant) {
  ahead = new Date(instant) - Date.now();
}

/** Now as the process has it, ms since the epoch. */
export function now() {
  return Date.now() + ahead;
}

export function count(number) {
  return Number.isNaN(number) ? "–" : whole.format(Math.round(number));
}

export function perSecond(number) {
  return Number.isNaN(number) ? "" : number === 0 ? "none at the moment" : `${number < 10 ? fine.format(number) : count(number)} a second`;
}

export function duration(seconds) {
  return Number.isNaN(seconds) ? "–"
    : seconds < 1 ? `${seconds < .01 ? fine.format(seconds * 1000) : count(seconds * 1000)} ms`
      : seconds < 120 ? `${fine.format(seconds)} s`
        : seconds < 7_200 ? `${count(seconds / 60)} min`
          : `${count(seconds / 3_600)} h`;
}

/** Writes a time as "5 minutes ago", exact on hover. */
export function ago(element, instant) {
  const then = new Date(instant);
  const seconds = Math.round((then - now()) / 1000);
  const past = Math.abs(seconds);
  element.dateTime = instant;
  element.title = exact.format(then);
  say(element, past < 5 ? "just now"
    : past < 60 ? relative.format(seconds, "second")
      : past < 3_600 ? relative.format(Math.round(seconds / 60), "minute")
        : past < 86_400 ? relative.format(Math.round(seconds / 3_600), "hour")
          : relative.format(Math.round(seconds / 86_400), "day"));
}

/** Sets a text where it has changed: what has not is neither laid out nor read aloud again. */
export function say(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** What goes on with other figures is no news to who hears it. */
export function withoutFigures(words) {
  return words.replace(/(?<![\w-])[\d.,]+/g, "");
}

/** An element with text in it. */
export function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
