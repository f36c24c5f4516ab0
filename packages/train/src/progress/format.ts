// Numbers as Python prints them, so that scripts which read timm's lines read ours.

/** C's `%#.<digits>g`: significant digits, trailing zeros kept. */
export function general(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const exponent = value === 0 ? 0 : Number(value.toExponential(digits - 1).split("e")[1]);
  if (exponent < -4 || exponent >= digits) return exponential(value, digits - 1);
  const text = value.toFixed(digits - 1 - exponent);
  return text.includes(".") ? text : `${text}.`;
}

/** C's `%.<digits>e`: an exponent of at least two digits. */
export function exponential(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return general(value);
  return value.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");
}

/** Fixed digits, padded on the left. Ties go to the even digit, as in C: 70.3125 is 70.312. */
export function fixed(value: number, digits: number, width = 0): string {
  if (!Number.isFinite(value)) return general(value).padStart(width);
  const exact = value.toFixed(100);
  const end = exact.indexOf(".") + 1 + digits;
  const tie = /^50*$/.test(exact.slice(end)) && /[02468]\.?$/.test(exact.slice(0, end));
  return (tie ? exact.slice(0, end).replace(/\.$/, "") : value.toFixed(digits)).padStart(width);
}

/** `1:02:03` or `2:03`. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--";
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `1,234,567`. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
