// Order of names as people expect it: "img2" before "img10", capitals beside small letters (timm's order of classes and files).

/** A copy of `items` sorted by `name(item)`. Names that differ in capitals or leading zeros only are told apart by code unit. */
export function sortNaturally<T>(items: Iterable<T>, name: (item: T) => string): T[] {
  const keyed = Array.from(items, (item) => ({ item, text: name(item), parts: split(name(item)) }));
  keyed.sort((a, b) => compareParts(a.parts, b.parts) || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
  return keyed.map(({ item }) => item);
}

/** Text and digits in turn, text first: "img10.png" → ["img", "10", ".png"]. Digits lose their leading zeros. */
function split(name: string): string[] {
  return name
    .toLowerCase()
    .split(/(\d+)/)
    .map((part, i) => (i % 2 === 1 ? part.replace(/^0+(?=\d)/, "") : part));
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    if (i % 2 === 1 && x.length !== y.length) return x.length - y.length;
    if (x !== y) return x < y ? -1 : 1;
  }
  return a.length - b.length;
}
