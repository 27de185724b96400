// The gifts of a page, live, for a reader's page in React 18 or newer: <GiftStream url="http://localhost:8000" pageId={7} />
// Where readers sign in, give `source` an EventSource that sends their token, and `load` a fetch: the browser's own send none.
import { createElement as h, useEffect, useState } from "react";

const byId = gifts => Object.fromEntries(gifts.map(gift => [gift.event_id, gift]));
export function useGifts(url, pageId, Source = globalThis.EventSource, load = fetch) {
  const [gifts, setGifts] = useState({}), [live, setLive] = useState(false);
  useEffect(() => {
    let source, timer, vault = {}; // its last id, where to go on after a loss, and whether its list has been read
    const forget = () => { vault = {}; setGifts({}); setLive(false); };
    const on = (type, change) => source.addEventListener(type, event => {
      vault.last = event.lastEventId || vault.last;
      setGifts(now => change(now, JSON.parse(event.data)));
    });
    const open = () => {
      source = new Source(`${url}/vault/stream?${new URLSearchParams({ page_id: pageId, ...(vault.last && { after: vault.last }) })}`);
      source.addEventListener("position", async event => { // nothing is missed from here on: only now what was there before
        const mine = vault;
        const there = mine.listed ? [] : await load(`${url}/vault/list?page_id=${pageId}&limit=100`).then(answer => answer.json());
        if (mine !== vault) return; // forgotten meanwhile
        Object.assign(vault, { last: vault.last ?? event.lastEventId, listed: true });
        setGifts(now => ({ ...byId(there), ...now }));
        setLive(JSON.parse(event.data).live);
      });
      source.onerror = () => { source.close(); setLive(false); timer = setTimeout(open, 2000); }; // the browser gives up after a 503
      source.addEventListener("reset", forget); // it is a new database: ids and gifts of before mean nothing
      for (const type of ["gift", "gift-changed"]) on(type, (now, gift) => ({ ...now, ...byId([gift]) }));
      on("gift-gone", (now, gone) => byId(Object.values(now).filter(gift => gift.event_id !== gone.event_id)));
    };
    open();
    return () => { source.close(); clearTimeout(timer); forget(); };
  }, [url, pageId, Source, load]);
  return [Object.values(gifts).sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id), live];
}
export function GiftStream({ url, pageId, source = globalThis.EventSource, load = fetch }) {
  const [gifts, live] = useGifts(url, pageId, source, load);
  return h("section", { "aria-busy": !live }, gifts.map(gift =>
    h("article", { key: gift.event_id, lang: gift.lang }, h("h3", null, gift.question), gift.answer)));
}
