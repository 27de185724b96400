// The link to a gift: copied, or handed to what the reader's device shares with.

/** @param address absolute */
export function offerLink(address) {
  const shared = document.getElementById("shared");
  document.getElementById("copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(address);
      shared.textContent = "Copied.";
    } catch {
      // no clipboard for pages without TLS: shown, for the reader to copy
      shared.textContent = address;
      getSelection().selectAllChildren(shared);
    }
  });
  const send = document.getElementById("send");
  send.hidden = !navigator.share;
  // a reader who thinks better of it is no fault
  send.addEventListener("click", () => navigator.share({title: document.title, url: address}).catch(() => {}));
}
