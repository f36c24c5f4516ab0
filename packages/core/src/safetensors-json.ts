// A reader for the JSON of safetensors headers. Not JSON.parse, for three reasons: it lets a repeated key win silently,
// it builds whatever a hostile file describes before anything is checked, and it cannot say where the mistake is.

/** A mistake in the text, with its place. Callers turn it into an error that names the file. */
export class HeaderSyntaxError extends Error {}

/** Walks JSON text value by value; the caller says what it expects next. */
export class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads an object, calling `member` with the reader standing before each value. `member` must read that value. */
  object(what: string, member: (key: string) => void): void {
    this.#expect("{", what);
    const seen = new Set<string>();
    if (this.#take("}")) return;
    do {
      const key = this.string(`a key of ${what}`);
      if (seen.has(key)) throw this.#error(`${what} has the key ${JSON.stringify(key)} twice`);
      seen.add(key);
      this.#expect(":", `":" after ${JSON.stringify(key)}`);
      member(key);
    } while (this.#take(","));
    this.#expect("}", `"," or "}" in ${what}`);
  }

  /** Reads an array, calling `element` before each value. */
  array(what: string, element: () => void): void {
    this.#expect("[", what);
    if (this.#take("]")) return;
    do element();
    while (this.#take(","));
    this.#expect("]", `"," or "]" in ${what}`);
  }

  string(what: string): string {
    this.#expect('"', what);
    const start = this.#at - 1;
    for (;;) {
      const quote = this.#text.indexOf('"', this.#at);
      if (quote < 0) throw this.#error(`${what} is a text without an end`);
      this.#at = quote + 1;
      let backslashes = 0;
      while (this.#text[quote - 1 - backslashes] === "\\") backslashes++;
      if (backslashes % 2 === 0) break;
    }
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch {
      throw this.#error(`${what} is not a legal JSON text`);
    }
  }

  /** A whole number from 0 to 2^53 - 1. */
  count(what: string): number {
    this.#space();
    const token = /[-+.\w]{0,40}/y;
    token.lastIndex = this.#at;
    const text = token.exec(this.#text)?.[0] ?? "";
    const value = Number(text);
    if (!/^(0|[1-9]\d*)$/.test(text) || !Number.isSafeInteger(value))
      throw this.#error(`expected ${what}, a whole number from 0 to 2^53 - 1, found ${this.#sample()}`);
    this.#at += text.length;
    return value;
  }

  /** Passes over any value. Nesting deeper than a header can need is refused. */
  skip(what: string, depth = 8): void {
    this.#space();
    const first = this.#text[this.#at];
    if (depth === 0) throw this.#error(`${what} is nested too deeply`);
    if (first === "{") this.object(what, () => this.skip(what, depth - 1));
    else if (first === "[") this.array(what, () => this.skip(what, depth - 1));
    else if (first === '"') this.string(what);
    else {
      const token = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
      token.lastIndex = this.#at;
      const text = token.exec(this.#text)?.[0];
      if (text === undefined) throw this.#error(`expected a value of ${what}, found ${this.#sample()}`);
      this.#at += text.length;
    }
  }

  /** Nothing but white space may follow. */
  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#error(`expected the end, found ${this.#sample()}`);
  }

  #space(): void {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #take(char: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #expect(char: string, what: string): void {
    if (!this.#take(char)) throw this.#error(`expected ${what}, found ${this.#sample()}`);
  }

  #sample(): string {
    const rest = this.#text.slice(this.#at, this.#at + 20);
    return rest === "" ? "the end" : JSON.stringify(rest);
  }

  #error(message: string): HeaderSyntaxError {
    return new HeaderSyntaxError(`${message} (byte ${this.#at} of the header)`);
  }
}
