// The routes: which run, since when, and which edit of their files was not taken.

import {offer} from "./acts.js";
import {redraw} from "./keyboard.js";
import {ago, element, say} from "./words.js";

const $ = id => document.getElementById(id);
let shown = "";

/** @param live /actuator/liveroutes */
export function showRoutes(live) {
  const news = JSON.stringify(live);
  if (news === shown) {
    // unchanged: only the times are brought up to date, so that a selection stays
    $("routes").querySelectorAll("time").forEach(time => ago(time, time.dateTime));
    return;
  }
  shown = news;
  const ids = new Set();
  const rows = live.files.flatMap(file => {
    const routes = file.routes.length ? file.routes : [{id: routeId(file.file), state: "Missing"}];
    return routes.map(route => {
      ids.add(route.id);
      return row(file, route);
    });
  });
  live.missing.filter(id => !ids.has(id)).forEach(id => rows.push(row({}, {id, state: "Missing"})));
  rows.sort((one, other) => runs(one) - runs(other));
  redraw($("routes"), rows);
  say($("routes-note"), live.folderProblem ? `The route files cannot be read: ${live.folderProblem}` : `From ${live.pattern}`);
}

/** What they do is not known any more. */
export function loseRoutes(reason) {
  shown = "";
  $("routes").querySelectorAll(".route").forEach(item => {
    item.dataset.state = "unknown";
    say(item.querySelector(".route-state"), "not known");
  });
  say($("routes-note"), `They cannot be read at the moment: ${reason}.`);
}

function runs({dataset}) {
  return dataset.state === "Started" || dataset.state === "Exchanging";
}

/** The id of a file's route: the file's name. */
function routeId(file) {
  return file.replace(/^.*\//, "").replace(/\.camel\.yaml$/, "");
}

function row(file, route) {
  const {id, state, description} = route;
  const item = element("li", "route");
  item.dataset.state = state;
  const head = element("p", "head");
  head.append(element("b", "id", id), " ", element("span", "route-state", state.toLowerCase()));
  if (file.activeSince) {
    const since = element("time", "");
    ago(since, file.activeSince);
    head.append(" ", since);
  }
  item.append(head);
  if (description) {
    item.append(element("p", "what", description));
  }
  const acts = element("p", "acts");
  offer(acts, route);
  item.append(acts);
  if (file.revision) {
    item.append(element("p", "note", `${file.file}, revision ${file.revision}`));
  }
  if (file.notTaken) {
    const refused = element("div", "not-taken");
    refused.append(element("p", "", `An edit was ${file.notTaken.outcome.toLowerCase().replace("_", " ")}:`));
    file.notTaken.problems.forEach(problem => refused.append(element("p", "problem", problem)));
    item.append(refused);
  }
  return item;
}
