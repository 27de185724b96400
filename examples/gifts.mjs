#!/usr/bin/env node
const usage = "gifts.mjs save PAGE QUESTION ANSWER | list | follow [LAST_EVENT_ID]. Node 20 or newer; set GIFT_SPINE (address), GIFT_SPINE_TOKEN (a reader's).";
const {GIFT_SPINE: base = "http://localhost:8000", GIFT_SPINE_TOKEN: token} = process.env;
async function call(path, options, reader = token && {Authorization: `Bearer ${token}`}) {
  for (;;) { // until it is answered; waits for as long as Retry-After says
    const response = await fetch(new URL(path, base), {...options, headers: {...options?.headers, ...reader}}).catch(() => null);
    if (response?.ok) return response;
    if (![429, 503, undefined].includes(response?.status)) throw new Error(await response.text());
    await new Promise(done => setTimeout(done, 1000 * (response?.headers.get("Retry-After") ?? 1)));
  }
}
async function save(page, question, answer) { // the key makes a repetition the same gift
  const headers = {"Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID()};
  const body = JSON.stringify({page_id: Number(page), question, answer});
  console.log((await call("/vault/save", {method: "POST", headers, body})).headers.get("Location"));
}
async function list() {
  for (let path = "/vault/list?limit=100"; path;) {
    const page = await call(path);
    for (const gift of await page.json()) console.log(JSON.stringify(gift));
    path = page.headers.get("Link")?.match(/<([^>]*)>; rel="next"/)?.[1];
  }
}
async function follow(last) {
  for (;;) { // what is missed between two connections comes after the last id
    let text = "", {body} = await call("/vault/stream", {headers: last ? {"Last-Event-ID": last} : {}});
    try {
      for await (const part of body.pipeThrough(new TextDecoderStream())) {
        const events = (text + part).split("\n\n"); text = events.pop(); // not whole yet
        for (const event of events.map(lines => Object.fromEntries(lines.split("\n").map(line => line.split(/: (.*)/, 2))))) {
          if (event.event === "gift") console.log(event.data);
          last = event.id ?? last;
        }
      }
    } catch (lost) { console.error(`Connection lost: ${lost.message}`); }
  }
}
const [, , name, ...words] = process.argv, command = {save3: save, list0: list, follow0: follow, follow1: follow}[name + words.length];
await (command ? command(...words) : process.exit(console.error(`usage: ${usage}`) ?? 2));
