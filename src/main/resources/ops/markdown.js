// Markdown as docs/operations.md has it: headings, lists, tables, indented code, and within a line code, links, stress.
// Everything becomes elements and text, nothing is parsed as markup of ours.

import {element} from "./words.js";

const INLINE = /`([^`]+)`|\[((?:`[^`]*`|[^\]`])+)\]\(([^)\s]+)\)|<(https?:[^>\s]+)>|\*\*(.+?)\*\*|\*(.+?)\*/;
const ITEM = /^(- |\d+\. )/;
const HEADING = /^(#{1,6}) (.+)/;

/** The blocks of a text, as elements. */
export function blocks(text) {
  return parse(text.split("\n"));
}

function parse(lines) {
  const made = [];
  let at = 0;
  const take = belongs => {
    const from = at;
    while (at < lines.length && belongs(lines[at])) {
      at++;
    }
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at];
    const heading = HEADING.exec(line);
    const item = ITEM.exec(line);
    if (!line.trim()) {
      at++;
    } else if (heading) {
      const title = filled(`h${heading[1].length}`, heading[2]);
      title.id = slug(title.textContent);
      made.push(title);
      at++;
    } else if (line.startsWith("|")) {
      made.push(table(take(row => row.startsWith("|"))));
    } else if (line.startsWith("    ")) {
      const code = take(row => row.startsWith("    ") || !row.trim()).map(row => row.slice(4));
      const pre = element("pre", "", code.join("\n").trimEnd());
      pre.tabIndex = 0;
      made.push(pre);
    } else if (item) {
      const list = element(item[1] === "- " ? "ul" : "ol", "");
      const items = take(row => !row.trim() || row.startsWith(" ") || ITEM.test(row));
      const starts = items.flatMap((row, i) => ITEM.test(row) ? [i] : []);
      starts.forEach((start, i) => {
        const width = ITEM.exec(items[start])[0].length;
        const entry = element("li", "");
        const inside = parse(items.slice(start, starts[i + 1]).map(row => row.slice(width)));
        entry.append(...inside.length === 1 && inside[0].tagName === "P" ? inside[0].childNodes : inside);
        list.append(entry);
      });
      made.push(list);
    } else {
      made.push(filled("p", take(row => row.trim() && !HEADING.test(row) && !ITEM.test(row) && !row.startsWith("|")).join("\n")));
    }
  }
  return made;
}

function table(rows) {
  const cells = row => row.trim().replace(/^\||\|$/g, "").split("|").map(cell => cell.trim());
  const made = element("table", "");
  rows.forEach((row, i) => {
    if (i !== 1) {
      const line = element("tr", "");
      line.append(...cells(row).map(cell => filled(i === 0 && cell ? "th" : "td", cell)));
      made.append(line);
    }
  });
  const frame = element("div", "table");
  frame.tabIndex = 0;
  frame.append(made);
  return frame;
}

function filled(name, text) {
  const made = element(name, "");
  made.append(...inline(text));
  return made;
}

function inline(text) {
  const found = INLINE.exec(text);
  if (!found) {
    return text ? [text] : [];
  }
  const [all, code, label, target, address, strong, stress] = found;
  const made = code !== undefined ? element("code", "", code)
    : label !== undefined ? link(label, target)
      : address !== undefined ? link(address, address)
        : strong !== undefined ? filled("strong", strong) : filled("em", stress);
  return [...text.slice(0, found.index) ? [text.slice(0, found.index)] : [], made, ...inline(text.slice(found.index + all.length))];
}

/** Other pages of the documentation are not here: their names stay, without a link. */
function link(label, target) {
  if (!/^(#|https?:)/.test(target)) {
    return filled("span", label);
  }
  const made = filled("a", label);
  made.href = target;
  return made;
}

/** As GitHub makes the address of a heading. */
function slug(heading) {
  return heading.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-");
}
