// Rose curves, r = cos(n/d · angle), as signs of symbols.

const SVG = "http://www.w3.org/2000/svg";
// n and d of the small signs; symbols 8 to 15 have the same ones within a ring
const SIGNS = [[3, 1], [2, 1], [5, 1], [1, 2], [4, 1], [3, 2], [1, 3], [7, 1]];
// n and d of the large emblems
const EMBLEMS = [
  [6, 5], [7, 4], [5, 3], [8, 5], [7, 3], [9, 4], [8, 3], [7, 6],
  [9, 5], [5, 4], [11, 4], [9, 7], [7, 5], [8, 7], [11, 6], [5, 6]];

const sprite = document.getElementById("sigils");
const drawn = new Set();

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
  const sixteenth = ((number % 16) + 16) % 16;
  const id = `sigil-${sixteenth}`;
  if (!drawn.has(id)) {
    drawn.add(id);
    const ring = "M0-58a58 58 0 1 1 0 116a58 58 0 1 1 0-116Z";
    const symbol = document.createElementNS(SVG, "symbol");
    symbol.id = id;
    symbol.setAttribute("viewBox", "-62 -62 124 124");
    const figure = document.createElementNS(SVG, "path");
    figure.setAttribute("d", rose(pick(SIGNS, sixteenth)) + (sixteenth >= SIGNS.length ? ring : ""));
    symbol.append(figure);
    sprite.append(symbol);
  }
  return `#${id}`;
}
