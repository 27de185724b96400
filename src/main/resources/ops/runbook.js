// The runbook: docs/operations.md, as it is in the jar.

import {blocks} from "./markdown.js";

const runbook = document.getElementById("runbook");
const answer = await fetch("operations.md");
runbook.replaceChildren(...blocks(answer.ok ? await answer.text() : `The runbook cannot be read: the answer was ${answer.status}.`));
runbook.setAttribute("aria-busy", "false");
// the browser looked for the section before it was there
document.getElementById(location.hash.slice(1))?.scrollIntoView();
