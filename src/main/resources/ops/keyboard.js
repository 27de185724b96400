// The keyboard stays where it was when what had it is drawn anew, hidden or gone: otherwise it is at the top of the page again.

import {withoutFigures} from "./words.js";

/** Puts others in the place of what an element holds. */
export function redraw(place, children) {
  const had = place.contains(document.activeElement) ? document.activeElement : null;
  place.replaceChildren(...children);
  had && follow(had, place);
}

/** Hides an act, or shows it. */
export function hide(button, is) {
  const had = button === document.activeElement;
  button.hidden = is;
  had && is && follow(button, button.closest("[data-place]"));
}

/** Opens a dialog. Closed, it gives the keyboard back to what it was opened with, or to what stands for that by then. */
export function openDialog(dialog) {
  const opener = document.activeElement;
  const place = opener.closest("[data-place]") ?? opener.parentElement;
  dialog.addEventListener("close", () => document.activeElement === document.body && follow(opener, place), {once: true});
  dialog.showModal();
}

/** To the same act, or another one on the same thing, or else to the part of the page that they are in. */
function follow(gone, place) {
  const left = [...place.querySelectorAll("a, button")].filter(each => !each.hidden);
  const named = each => withoutFigures(each.getAttribute("aria-label") ?? each.textContent);
  const next = left.find(each => named(each) === named(gone))
    ?? left.find(each => gone.dataset.about && each.dataset.about === gone.dataset.about)
    ?? place.closest("[tabindex]");
  next?.focus({preventScroll: true});
}
