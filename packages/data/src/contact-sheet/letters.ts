// Small letters as pixels: a contact sheet has captions wherever it is made, also where no font is installed.

/** Letters are so wide and high; small ones look like capitals. */
export const [letterWidth, letterHeight] = [5, 7];

/** Seven rows a letter from the top, each a digit of base 32 whose highest bit is the left pixel. */
const glyphs: Readonly<Record<string, string>> = {
  ...{ A: "ehhvhhh", B: "uhhuhhu", C: "ehggghe", D: "uhhhhhu", E: "vgguggv", F: "vgguggg", G: "ehgnhhf" },
  ...{ H: "hhhvhhh", I: "e44444e", J: "72222ic", K: "hikokih", L: "ggggggv", M: "hrllhhh", N: "hhpljhh" },
  ...{ O: "ehhhhhe", P: "uhhuggg", Q: "ehhhlid", R: "uhhukih", S: "fgge11u", T: "v444444", U: "hhhhhhe" },
  ...{ V: "hhhhha4", W: "hhhllla", X: "hha4ahh", Y: "hhha444", Z: "v1248gv" },
  ...{ "0": "ehjlphe", "1": "4c4444e", "2": "eh1248v", "3": "v2421he", "4": "26aiv22" },
  ...{ "5": "vgu11he", "6": "68guhhe", "7": "v124888", "8": "ehhehhe", "9": "ehhf12c" },
  ...{ ".": "00000cc", ",": "0000c48", "-": "000v000", _: "000000v", "+": "044v440", ":": "0cc0cc0" },
  ...{ "(": "2488842", ")": "8422248", "/": "01248g0", "%": "op248j3", "=": "00v0v00", "'": "4480000" },
  ...{ "&": "cik8lid", "#": "aavavaa", "!": "4444404", "?": "eh12404", " ": "0000000", "×": "0ha4ah0" },
};

/** Whether a pixel of a letter is dark. Letters that are not known look like a question mark. */
export function isInk(letter: string, x: number, y: number): boolean {
  const rows = glyphs[letter.toUpperCase()] ?? glyphs["?"]!;
  return ((Number.parseInt(rows[y]!, 32) >> (letterWidth - 1 - x)) & 1) === 1;
}
