// Server-Sent Events out of an answer's text (HTML Standard, section 9.2.6), wherever the network cuts it into pieces.
// The browser's own EventSource sends no Authorization header.

export class EventParser {
  #rest = "";
  #begun = false;
  #lines = {event: "", data: [], id: null};
  #dispatch;

  /** @param dispatch called with {type, data, id} for each event; id is that of the last event that had one */
  constructor(dispatch) {
    this.#dispatch = dispatch;
  }

  #lastId = "";

  /** The next piece of the text, decoded. */
  push(text) {
    this.#rest += text;
    if (!this.#begun && this.#rest) {
      this.#begun = true;
      this.#rest = this.#rest.replace(/^\uFEFF/, "");
    }
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    // what has no end yet; a CR at the very end may be the half of one
    this.#rest = lines.pop();
    lines.forEach(line => this.#line(line));
  }

  #line(line) {
    if (line === "") {
      if (this.#lines.id !== null) {
        this.#lastId = this.#lines.id;
      }
      if (this.#lines.data.length) {
        this.#dispatch({type: this.#lines.event || "message", data: this.#lines.data.join("\n"), id: this.#lastId});
      }
      this.#lines = {event: "", data: [], id: null};
      return;
    }
    const [, name, value] = /^([^:]*)(?:: ?([^]*))?$/.exec(line);
    if (name === "event") {
      this.#lines.event = value ?? "";
    } else if (name === "data") {
      this.#lines.data.push(value ?? "");
    } else if (name === "id" && !value?.includes("\0")) {
      this.#lines.id = value ?? "";
    }
  }
}
