// Python pickles of plain data and NumPy arrays, protocols 2 to 5. https://docs.python.org/3/library/pickletools.html
//
// A pickle is a program, and in Python it may call anything. Here it cannot: it may mention five names
// (pickle-numpy.ts), and what those would do is done with values. Every other name, and every instruction that data do
// not need, is refused.

import { VitrineError } from "@vitrine/core";
import { allowedName, call, setState } from "./pickle-numpy.ts";
import { PickleText, type PickleValue, textOf } from "./pickle-values.ts";

/** CIFAR-100's 50,000 images are about 200,000 instructions. Each may make an object of some hundred bytes. */
const mostSteps = 2 ** 20;
const stop = 0x2e;

/**
 * The value in a pickle. Bytes and arrays are views of `bytes`.
 *
 * @param file for messages
 * @param what is expected, in words: "a CIFAR batch"
 * @throws VitrineError with the byte for what is cut off or damaged, and for a pickle that would call something
 */
export function readPickle(bytes: Uint8Array, file: string, what: string): PickleValue {
  const machine = new Machine(bytes, file, what);
  const [first, protocol = 0] = bytes;
  if (first !== 0x80 || protocol < 2 || protocol > 5) throw machine.fail("no pickle of protocol 2 to 5");
  for (let step = 0; step < mostSteps; step++) {
    machine.start = machine.at;
    const code = machine.uint(1);
    if (code === stop) return machine.pop();
    const instruction = instructions[code];
    if (instruction === undefined) throw machine.fail(`an instruction that no data need, 0x${code.toString(16)},`);
    instruction(machine);
  }
  throw machine.fail(`a pickle of more than ${mostSteps} instructions`);
}

/** By their codes, with Python's names. */
const instructions: Readonly<Record<number, (m: Machine) => void>> = {
  128: (m) => m.take(1), // PROTO
  149: (m) => m.take(8), // FRAME: what follows may be read at once
  40: (m) => m.marks.push(m.stack.length), // MARK

  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  74: (m) => m.push(m.uint(4) | 0), // BININT
  75: (m) => m.push(m.uint(1)), // BININT1
  77: (m) => m.push(m.uint(2)), // BININT2
  138: (m) => m.push(m.long(m.uint(1))), // LONG1

  84: (m) => m.push(m.take(m.uint(4))), // BINSTRING
  85: (m) => m.push(m.take(m.uint(1))), // SHORT_BINSTRING
  66: (m) => m.push(m.take(m.uint(4))), // BINBYTES
  67: (m) => m.push(m.take(m.uint(1))), // SHORT_BINBYTES
  142: (m) => m.push(m.take(m.uint(8))), // BINBYTES8
  150: (m) => m.push(m.take(m.uint(8))), // BYTEARRAY8
  88: (m) => m.push(new PickleText(m.take(m.uint(4)))), // BINUNICODE
  140: (m) => m.push(new PickleText(m.take(m.uint(1)))), // SHORT_BINUNICODE
  141: (m) => m.push(new PickleText(m.take(m.uint(8)))), // BINUNICODE8

  41: (m) => m.push([]), // EMPTY_TUPLE
  93: (m) => m.push([]), // EMPTY_LIST
  125: (m) => m.push(new Map()), // EMPTY_DICT
  116: (m) => m.push(m.popMarked()), // TUPLE
  133: (m) => m.push(m.popSome(1)), // TUPLE1
  134: (m) => m.push(m.popSome(2)), // TUPLE2
  135: (m) => m.push(m.popSome(3)), // TUPLE3
  97: (m) => m.append(m.popSome(1)), // APPEND
  101: (m) => m.append(m.popMarked()), // APPENDS
  115: (m) => m.setItems(m.popSome(2)), // SETITEM
  117: (m) => m.setItems(m.popMarked()), // SETITEMS

  113: (m) => m.memo.set(m.uint(1), m.top()), // BINPUT
  114: (m) => m.memo.set(m.uint(4), m.top()), // LONG_BINPUT
  148: (m) => m.memo.set(m.memo.size, m.top()), // MEMOIZE
  104: (m) => m.push(m.recall(m.uint(1))), // BINGET
  106: (m) => m.push(m.recall(m.uint(4))), // LONG_BINGET

  99: (m) => m.name(m.line(), m.line()), // GLOBAL
  147: (m) => m.name(...m.popNames()), // STACK_GLOBAL
  // REDUCE
  82(m) {
    const [callee, args] = m.popSome(2);
    m.push(call(callee!, args!, (found) => m.fail(found)));
  },
  // BUILD
  98(m) {
    const state = m.pop();
    setState(m.top(), state, (found) => m.fail(found));
  },
};

/** Python's pickle machine: a stack of values, marks in it, and a memo. */
class Machine {
  readonly stack: PickleValue[] = [];
  /** Lengths of the stack when a mark was set. */
  readonly marks: number[] = [];
  readonly memo = new Map<number, PickleValue>();
  /** The byte that comes next. */
  at = 0;
  /** The byte of the instruction that is carried out. */
  start = 0;
  readonly #bytes: Uint8Array;
  readonly #file: string;
  readonly #what: string;

  constructor(bytes: Uint8Array, file: string, what: string) {
    this.#bytes = bytes;
    this.#file = file;
    this.#what = what;
  }

  fail(found: string): VitrineError {
    return new VitrineError(this.#file, `expected ${this.#what}, found ${found} at byte ${this.start}`);
  }

  /** The next bytes, where they lie. */
  take(count: number): Uint8Array {
    const left = this.#bytes.length - this.at;
    if (count > left) {
      throw new VitrineError(
        this.#file,
        `truncated: expected ${count} bytes from byte ${this.at} on, found ${left}; download it again`,
      );
    }
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }

  /** A number without sign, little end first. Above 2^53 it is rounded, which no file is long enough to notice. */
  uint(size: 1 | 2 | 4 | 8): number {
    return this.take(size).reduceRight((value, byte) => value * 256 + byte, 0);
  }

  /** A number with sign of up to 6 bytes. */
  long(size: number): number {
    if (size > 6) throw this.fail(`an integer of ${size} bytes`);
    const bytes = this.take(size);
    const value = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
    return (bytes.at(-1) ?? 0) >= 128 ? value - 256 ** size : value;
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.at);
    const text = end === -1 ? undefined : textOf(this.take(end - this.at));
    if (text === undefined) throw this.fail("a name without an end");
    this.at++;
    return text;
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined || this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.fail("a value missing");
    return value;
  }

  pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  popSome(count: number): PickleValue[] {
    const values = Array.from({ length: count }, () => this.pop());
    return values.reverse();
  }

  popMarked(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.fail("a mark missing");
    return this.stack.splice(mark);
  }

  append(values: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.fail("values for a list that is none");
    for (const value of values) list.push(value);
  }

  setItems(values: readonly PickleValue[]): void {
    const dictionary = this.top();
    if (!(dictionary instanceof Map) || values.length % 2 !== 0)
      throw this.fail("values for a dictionary that is none");
    for (let i = 0; i < values.length; i += 2) {
      const key = textOf(values[i]);
      if (key === undefined) throw this.fail("a key that is no short text");
      dictionary.set(key, values[i + 1]!);
    }
  }

  recall(index: number): PickleValue {
    const value = this.memo.get(index);
    if (value === undefined) throw this.fail(`a use of value ${index}, which was not kept,`);
    return value;
  }

  popNames(): [module: string, name: string] {
    const [module, name] = this.popSome(2).map(textOf);
    if (module === undefined || name === undefined) throw this.fail("a name that is no short text");
    return [module, name];
  }

  name(module: string, name: string): void {
    const known = allowedName(module, name);
    // A name alone does nothing, but nothing else can be done with it.
    if (known === undefined) throw this.fail(`a pickle that calls ${printable(`${module}.${name}`)}`);
    this.push(known);
  }
}

/** Names come from the file: nothing of them may steer a terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}
