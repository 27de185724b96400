// The runbook: docs/operations.md, as it is in the jar.

import {blocks} from "./markdown.js";

const runbook = document.getElementById("runbook");
runbook.replaceChildren(...blocks(await text()));
runbook.setAttribute("aria-busy", "false");
// the browser looked for the section before it was there
document.getElementById(location.hash.slice(1))?.scrollIntoView();

async function text() {
  let why = "the process does not answer";
  try {
    const answer = await fetch("operations.md");
    if (answer.ok) {
      return await answer.text();
    }
    why = `the answer was ${answer.status}`;
  } catch (error) {
    console.warn(error);
  }
  return `# ${runbook.querySelector("h1").textContent}\n\nThe runbook cannot be read: ${why}.`;
}
