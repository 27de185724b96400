// The symbols, and their signs: rose curves, r = cos(n/d · angle), or whatever path the file of symbols has.

const SVG = "http://www.w3.org/2000/svg";
// n and d of the large emblems
const EMBLEMS = [
  [6, 5], [7, 4], [5, 3], [8, 5], [7, 3], [9, 4], [8, 3], [7, 6],
  [9, 5], [5, 4], [11, 4], [9, 7], [7, 5], [8, 7], [11, 6], [5, 6]];

const sprite = document.getElementById("sigils");
const drawn = new Set();
const ANY = {rose: [3, 1]};

/**
 * As symbols.json has them: {id, name, light, dark, and rose [n, d] or path, and ring}. Light and dark are the colours of the
 * sign on paper of either kind; a path lies within a circle of radius 50 around 0 0. Empty until they are loaded.
 */
export let symbols = [];

/** Without the file gifts show, with the numbers of their symbols. */
export async function loadSymbols() {
  try {
    symbols = await (await fetch("/timeline/symbols.json")).json();
  } catch (error) {
    console.warn(error);
  }
}

/** The symbol of a number; undefined for one that is in no file. */
export function symbolOf(number) {
  return symbols.find(symbol => symbol.id === Number(number));
}

/** What a reader calls a symbol. */
export function nameOf(number) {
  return symbolOf(number)?.name ?? `symbol ${number}`;
}

/** The path of a figure within a circle of radius 50. */
function rose([n, d]) {
  const whole = Math.PI * d * (n * d % 2 ? 1 : 2);
  const steps = Math.ceil(whole / Math.PI * n) * 16;
  const points = Array.from({length: steps}, (_, i) => {
    const angle = whole * i / steps;
    const r = 50 * Math.cos(n / d * angle);
    return `${(r * Math.sin(angle)).toFixed(1)} ${(-r * Math.cos(angle)).toFixed(1)}`;
  });
  return `M${points.join("L")}Z`;
}

/** Numbers may be negative and of any size. */
function pick(figures, number) {
  return figures[((number % figures.length) + figures.length) % figures.length];
}

export function emblem(number) {
  return rose(pick(EMBLEMS, number));
}

/** A reference to the sign of a symbol, for use elements. */
export function sigil(number) {
  const id = `sigil-${number}`;
  if (!drawn.has(id)) {
    drawn.add(id);
    const {rose: numbers = ANY.rose, path = rose(numbers), ring} = symbolOf(number) ?? (symbols.length ? pick(symbols, number) : ANY);
    const symbol = document.createElementNS(SVG, "symbol");
    symbol.id = id;
    symbol.setAttribute("viewBox", "-62 -62 124 124");
    const figure = document.createElementNS(SVG, "path");
    figure.setAttribute("d", path + (ring ? "M0-58a58 58 0 1 1 0 116a58 58 0 1 1 0-116Z" : ""));
    symbol.append(figure);
    sprite.append(symbol);
  }
  return `#${id}`;
}
