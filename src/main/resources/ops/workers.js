// Everybody in the consumer groups, and the topics, as the broker has them.

import {read, why} from "./actuator.js";
import {count, element, say} from "./words.js";

const $ = id => document.getElementById(id);
let shown = "";
export let latest = null; // as they were last read; null when they could not be
export let fault = null; // why they could not be

export async function showWorkers() {
  try {
    latest = await read("groups");
    fault = null;
    const {problem, groups, topics} = latest;
    say($("workers-note"), problem ? `The broker does not say: ${problem}.` : "");
    const news = JSON.stringify([groups, topics]);
    if (news !== shown) {
      shown = news;
      $("members").replaceChildren(...rows(groups));
      $("topics").replaceChildren(...topics.map(topicRow));
    }
  } catch (error) {
    latest = null;
    fault = why(error);
    say($("workers-note"), `They cannot be read at the moment: ${fault}.`);
  }
}

function rows(groups) {
  return groups.flatMap(({group, state, members, nobodys}) => [
    ...members.map(({client, host, partitions}) => row([group, client, host, places(partitions), lag(partitions)])),
    ...members.length === 0 ? [row([group, `no member (${state.toLowerCase()})`, "", "", lag(nobodys)], "warn")]
      : nobodys.length ? [row([group, "nobody", "", places(nobodys), lag(nobodys)], "warn")] : []]);
}

function topicRow({topic, partitions, replicas, minInSync, notInSync, fault}) {
  return row([topic, count(partitions), count(replicas), count(minInSync),
    fault ?? (notInSync.length ? `all but those of partitions ${notInSync.join(", ")}` : "all")], fault || notInSync.length ? "warn" : "");
}

function row(cells, severity = "") {
  const made = element("tr", "");
  if (severity) {
    made.dataset.severity = severity;
  }
  made.append(...cells.map((cell, i) => {
    const place = element(i === 0 ? "th" : "td", "", cell);
    if (i === 0) {
      place.scope = "row";
    }
    return place;
  }));
  return made;
}

/** The partitions, each that lags with its lag. */
function places(shares) {
  return shares.map(({partition, lag}) => lag ? `${partition} (${count(lag)})` : String(partition)).join(", ") || "none";
}

function lag(shares) {
  return shares.some(({lag}) => lag === null) ? "not known" : count(shares.reduce((sum, {lag}) => sum + lag, 0));
}
