// The gifts of a page, live, for a reader's page in React 18 or newer: <GiftStream url="http://localhost:8000" pageId={7} />
// Where readers sign in, give `source` an EventSource that sends their token, and `load` a fetch: the browser's own send none.
import { createElement as h, useEffect, useState } from "react";

const byId = gifts => Object.fromEntries(gifts.map(gift => [gift.event_id, gift]));
export function useGifts(url, pageId, Source = globalThis.EventSource, load = fetch) {
  const [gifts, setGifts] = useState({});
  const [live, setLive] = useState(false);
  useEffect(() => {
    let source, timer, last;
    const on = (type, change) => source.addEventListener(type, event => {
      last = event.lastEventId || last; // where to go on after a loss
      if (change) setGifts(now => change(now, JSON.parse(event.data)));
    });
    const open = () => {
      source = new Source(`${url}/vault/stream?${new URLSearchParams({ page_id: pageId, ...(last && { after: last }) })}`);
      source.addEventListener("position", async event => { // nothing is missed from here on: only now what was there before
        const there = last ? [] : await load(`${url}/vault/list?page_id=${pageId}&limit=100`).then(answer => answer.json());
        last ??= event.lastEventId;
        setGifts(now => ({ ...byId(there), ...now }));
        setLive(JSON.parse(event.data).live);
      });
      source.onerror = () => { // also after an answer that the browser asks no second time for, such as 503
        source.close();
        setLive(false);
        timer = setTimeout(open, 2000);
      };
      for (const type of ["gift", "gift-changed"]) on(type, (now, gift) => ({ ...now, ...byId([gift]) }));
      on("gift-gone", (now, gone) => byId(Object.values(now).filter(gift => gift.event_id !== gone.event_id)));
    };
    open();
    return () => { source.close(); clearTimeout(timer); setGifts({}); };
  }, [url, pageId, Source, load]);
  return [Object.values(gifts).sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id), live];
}
export function GiftStream({ url, pageId, source = globalThis.EventSource, load = fetch }) {
  const [gifts, live] = useGifts(url, pageId, source, load);
  return h("section", { "aria-busy": !live }, gifts.map(gift => h("article", { key: gift.event_id }, h("h3", null, gift.question), gift.answer)));
}
