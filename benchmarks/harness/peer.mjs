// A long-lived process that does steps when asked (../peers/README.md says how it is spoken to). Idle peers use no CPU, so
// one machine can take turns between several.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

/**
 * Starts a peer. Resolves when its model is built, with `missing` set where it is not installed.
 * @param {string} name
 * @param {[command: string, ...args: string[]]} command
 */
export async function startPeer(name, [command, ...args]) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const errors = [];
  child.stderr.on("data", (chunk) => errors.push(chunk));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = new Promise((resolve) => child.once("error", (error) => resolve(error.message)));

  async function answer() {
    const next = await Promise.race([lines.next(), closed]);
    if (typeof next === "string") return { missing: next };
    if (next.done) throw new Error(`${name} ended: ${Buffer.concat(errors).toString().slice(-600)}`);
    return JSON.parse(next.value);
  }

  const hello = await answer();
  return {
    name,
    missing: hello.missing,
    about: hello,
    times: [],
    last: undefined,
    /** Does `steps` steps; keeps their times unless they only warm up. */
    async run(steps, { warmUp = false } = {}) {
      child.stdin.write(`${JSON.stringify({ run: steps })}\n`);
      const report = await answer();
      if (report.error) throw new Error(`${name}: ${report.error}`);
      this.last = report;
      if (!warmUp) this.times.push(...report.ms);
      return report;
    },
    stop() {
      child.stdin.end();
      child.kill();
    },
  };
}

/**
 * Runs peers in turn, round after round: A B C A B C. `pause`: milliseconds between turns, for peers that work ahead for
 * a while when theirs is over.
 * @returns the peers that are there.
 */
export async function takeTurns(peers, { warmUp, rounds, steps, say, pause = 0 }) {
  const present = peers.filter((peer) => peer.missing === undefined);
  for (const peer of peers) if (peer.missing !== undefined) say(`  ${peer.name}: left out, ${peer.missing}`);
  for (const peer of present) {
    say(`  ${peer.name}: warming up`);
    await peer.run(warmUp, { warmUp: true });
  }
  for (let round = 0; round < rounds; round++) {
    for (const peer of present) {
      await setTimeout(pause);
      await peer.run(steps);
    }
    say(
      `  round ${round + 1} of ${rounds}: ${present.map((p) => `${p.name} ${median(p.times.slice(-steps)).toFixed(0)}`).join(", ")} ms`,
    );
  }
  return present;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median over rounds of how many times faster `a` is than `b`, each round compared with itself. */
export function speedRatio(a, b, steps) {
  const ratios = [];
  for (let i = 0; i + steps <= Math.min(a.length, b.length); i += steps)
    ratios.push(median(b.slice(i, i + steps)) / median(a.slice(i, i + steps)));
  return median(ratios);
}
