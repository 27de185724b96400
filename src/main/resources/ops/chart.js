// The course of the process as the server keeps it: a chart for each thing, with axes, incidents and one cursor for all.

import {count, duration, element, now, say} from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 130;
const LEFT = 58;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 20;
const SPANS = {hour: {ms: 3_600_000, tick: 15 * 60_000}, day: {ms: 24 * 3_600_000, tick: 6 * 3_600_000}};

const megabytes = value => `${count(value / 1e6)} MB`;
const several = value => value < 10 ? String(Math.round(value * 100) / 100) : count(value);

/** What is drawn: names of lines as the endpoint has them, with what they are called. */
const CHARTS = [
  {title: "Gifts a second", write: several, lines: {accepted: "accepted", stored: "stored"}},
  {title: "Lag, events", write: several, lines: {lagRecords: "waiting in the topic"}},
  {title: "Age of the oldest that waits", write: duration, lines: {lagSeconds: "age"}},
  {title: "From request to 202", write: duration, lines: {saveP50: "half within", saveP99: "99 of 100 within"}},
  {title: "From save to row", write: duration, lines: {rowP50: "half within", rowP99: "99 of 100 within"}},
  {title: "Memory of the JVM", write: megabytes, lines: {memory: "used"}},
];

const clock = new Intl.DateTimeFormat("en-GB", {hour: "2-digit", minute: "2-digit"});
const exact = new Intl.DateTimeFormat("en-GB", {hour: "2-digit", minute: "2-digit", second: "2-digit"});

export class Charts {
  #figures = CHARTS.map(make);
  #columns = {at: []};
  #incidents = [];
  #span = SPANS.hour;
  #until = now(); // by the clock that the points have
  #cursor = null; // index of a point

  /** @param place where they stand */
  constructor(place) {
    place.append(...this.#figures.map(({figure}) => figure));
    for (const {svg} of this.#figures) {
      svg.addEventListener("pointermove", event => this.#point(this.#nearest(event.clientX - svg.getBoundingClientRect().left, svg)));
      svg.addEventListener("pointerleave", () => this.#point(null));
      svg.addEventListener("blur", () => this.#point(null));
      svg.addEventListener("keydown", event => {
        const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
        if (step && this.#columns.at.length) {
          event.preventDefault();
          const last = this.#columns.at.length - 1;
          this.#point(Math.max(0, Math.min(last, (this.#cursor ?? last - step) + step)));
        }
      });
    }
    new ResizeObserver(() => this.#draw()).observe(place);
  }

  /**
   * @param columns   values by name, null where not known, and under "at" their seconds since the epoch
   * @param incidents {reason, since, until}
   * @param span      hour or day
   */
  show(columns, incidents, span) {
    this.#columns = columns.at ? columns : {at: []};
    this.#incidents = incidents;
    this.#span = SPANS[span];
    this.#until = now();
    this.#cursor = null;
    this.#draw();
  }

  #x(ms, width) {
    return LEFT + (width - LEFT - RIGHT) * (1 - (this.#until - ms) / this.#span.ms);
  }

  #nearest(x, svg) {
    const {at} = this.#columns;
    const away = i => Math.abs(this.#x(at[i] * 1000, svg.clientWidth) - x);
    return at.reduce((best, _, i) => best === null || away(i) < away(best) ? i : best, null);
  }

  #point(cursor) {
    this.#cursor = cursor;
    for (const each of this.#figures) {
      this.#mark(each);
    }
  }

  /** The cursor of one chart, and what its lines say there; without one, what they said last. */
  #mark({svg, chart, keys, when}) {
    const {at} = this.#columns;
    const i = this.#cursor ?? at.length - 1;
    svg.querySelector(".cursor")?.remove();
    if (this.#cursor !== null) {
      const x = this.#x(at[i] * 1000, svg.clientWidth);
      svg.append(shape("path", {class: "cursor", d: `M${x} ${TOP}V${HEIGHT - BOTTOM}`}));
    }
    Object.entries(keys).forEach(([name, key]) => {
      const value = this.#columns[name]?.[i];
      say(key, value === null || value === undefined ? "–" : chart.write(value));
    });
    say(when, i < 0 ? "" : exact.format(at[i] * 1000));
  }

  #draw() {
    for (const each of this.#figures) {
      const {svg, chart} = each;
      const width = svg.clientWidth;
      if (width === 0) {
        continue;
      }
      const names = Object.keys(chart.lines);
      const highest = Math.max(0, ...names.flatMap(name => this.#columns[name] ?? []));
      const top = round(highest);
      const y = value => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top;
      const from = this.#until - this.#span.ms;
      svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      svg.setAttribute("aria-label", `${chart.title}, at most ${chart.write(highest)}`);
      svg.replaceChildren(
        ...this.#incidents.filter(({until}) => !until || new Date(until) > from).map(({reason, since, until}) => {
          const x = this.#x(Math.max(new Date(since), from), width);
          const band = shape("rect", {class: "incident", x, y: TOP, height: HEIGHT - TOP - BOTTOM,
            width: Math.max(2, this.#x(until ? Math.min(new Date(until), this.#until) : this.#until, width) - x)});
          band.append(shape("title", {}, reason));
          return band;
        }),
        ...[0, top / 2, top].flatMap(value => [
          shape("path", {class: "grid", d: `M${LEFT} ${y(value)}H${width - RIGHT}`}),
          shape("text", {x: LEFT - 6, y: y(value) + 4, "text-anchor": "end"}, chart.write(value))]),
        ...this.#ticks(from).map(ms => shape("text", {x: this.#x(ms, width), y: HEIGHT - 4, "text-anchor": "middle"}, clock.format(ms))),
        ...names.map((name, place) => shape("path", {class: `line l${place}`, d: this.#path(name, width, y)})));
      this.#mark(each);
    }
  }

  #ticks(from) {
    const offset = new Date().getTimezoneOffset() * 60_000;
    const first = Math.ceil((from - offset) / this.#span.tick) * this.#span.tick + offset;
    const ticks = [];
    for (let ms = first; ms < this.#until; ms += this.#span.tick) {
      ticks.push(ms);
    }
    return ticks.filter(ms => (ms - from) / this.#span.ms > .03 && (ms - from) / this.#span.ms < .97);
  }

  #path(name, width, y) {
    let pen = false;
    return this.#columns.at.map((at, i) => {
      const value = this.#columns[name][i];
      if (value === null) {
        pen = false;
        return "";
      }
      const place = `${this.#x(at * 1000, width).toFixed(1)} ${y(value).toFixed(1)}`;
      const step = pen ? `L${place}` : `M${place}h0`;
      pen = true;
      return step;
    }).join("");
  }
}

function make(chart) {
  const figure = element("figure", "chart");
  const caption = element("figcaption", "");
  const when = element("span", "when");
  const keys = {};
  caption.append(element("b", "", chart.title));
  Object.entries(chart.lines).forEach(([name, words], place) => {
    const key = element("span", `key l${place}`);
    keys[name] = element("span", "value-of", "–");
    key.append(`${words} `, keys[name]);
    caption.append(" ", key);
  });
  caption.append(" ", when);
  const svg = shape("svg", {role: "img", tabindex: 0, height: HEIGHT, "aria-label": chart.title});
  figure.append(caption, svg);
  return {figure, svg, chart, keys, when};
}

function shape(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.textContent = text;
  return made;
}

/** The next of 1, 2, 5, 10, … */
function round(value) {
  if (!(value > 0)) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map(step => step * power).find(step => step >= value);
}
