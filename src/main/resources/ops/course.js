// The last hour or day as the server keeps it: charts, and what was not well.

import {read, why} from "./actuator.js";
import {Charts} from "./chart.js";
import {ago, duration, element, heard, say} from "./words.js";

const SPANS = {hour: "a point each 10 s", day: "a point each 5 minutes"};
const SHOWN = 10; // incidents

const $ = id => document.getElementById(id);

export class Course {
  latest = null; // as it was last read; null when it could not be
  fault = null; // why it could not be
  #charts = new Charts($("charts"));
  #span = "hour";
  #shown = "";

  constructor() {
    for (const span of Object.keys(SPANS)) {
      $(span).addEventListener("click", () => {
        this.#span = span;
        Object.keys(SPANS).forEach(each => $(each).setAttribute("aria-pressed", String(each === span)));
        this.read(true);
      });
    }
  }

  /** @param all the figures, too, which are much more than what was not well */
  async read(all) {
    const span = this.#span;
    try {
      this.latest = await read(all ? `history?span=${span}` : "history");
      this.fault = null;
    } catch (error) {
      this.latest = null;
      this.fault = why(error);
      throw error;
    }
    const {at, began, incidents, points} = this.latest;
    heard(at);
    if (all && span === this.#span) {
      this.#charts.show(points, incidents, span);
      say($("course-note"), `${SPANS[span]}; the process began ${new Date(began).toLocaleString("en-GB")}`);
    }
    this.#list(incidents);
    return this.latest;
  }

  #list(incidents) {
    const news = JSON.stringify(incidents);
    if (news === this.#shown) {
      $("incidents").querySelectorAll("time").forEach(time => ago(time, time.dateTime));
      return;
    }
    this.#shown = news;
    $("incidents").replaceChildren(...incidents.slice(0, SHOWN).map(({part, reason, since, until}) => {
      const item = element("li", "incident-of");
      const time = element("time", "");
      ago(time, since);
      item.append(time, ` ${part}: ${reason}, `, until ? `for ${duration((new Date(until) - new Date(since)) / 1000)}` : "not over");
      return item;
    }));
    if (incidents.length === 0) {
      $("incidents").append(element("li", "incident-of note", "Nothing since the process began."));
    }
  }
}
