import { spawn, spawnSync } from "node:child_process";
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isVitrineError } from "../errors.ts";
import { type FetchOptions, fetchWeights } from "./fetch-weights.ts";
import { gitHash, sha256, startTestHub, type TestHub } from "./testing.ts";

const repo = "timm/vit_tiny_patch16_224.augreg";
const commit = "0123456789abcdef0123456789abcdef01234567";
const weights = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 2654435761) >>> 15));
const config = '{"architecture":"vit_tiny_patch16_224"}';

let folder: string;
let hub: TestHub;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-hub-"));
  hub = await startTestHub({ [repo]: { commit, files: { "model.safetensors": weights, "config.json": config } } });
});
afterEach(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

const warnings: string[] = [];
/** No test sees this machine's own cache, token or settings. */
function fetchIt(source = repo, options: FetchOptions = {}) {
  warnings.length = 0;
  return fetchWeights(source, {
    retryDelay: 1,
    onWarning: (message) => warnings.push(message),
    ...options,
    env: { HF_ENDPOINT: hub.endpoint, HF_HOME: folder, ...options.env },
  });
}

async function failure(action: Promise<unknown>): Promise<string> {
  const error = await action.then(
    () => new Error("nothing was refused"),
    (caught: unknown) => caught,
  );
  expect(isVitrineError(error), String(error)).toBe(true);
  return (error as Error).message;
}

const repoFolder = () => join(folder, "hub", "models--timm--vit_tiny_patch16_224.augreg");
const blobs = async () => (await readdir(join(repoFolder(), "blobs")).catch(() => [])).sort();
const asked = (method: string, origin = "hub") =>
  hub.requests.filter((request) => request.method === method && request.origin === origin);

describe("a repository of the hub", () => {
  test("is downloaded into the layout of Python's cache, and not again", async () => {
    const progress: [number, number | undefined][] = [];
    const first = await fetchIt(repo, { onProgress: (...step) => progress.push(step) });
    expect(first).toEqual({
      path: join(repoFolder(), "snapshots", commit, "model.safetensors"),
      config: join(repoFolder(), "snapshots", commit, "config.json"),
      repo,
      commit,
      downloaded: true,
    });
    expect(weights.equals(await readFile(first.path))).toBe(true);
    expect(await readFile(first.config!, "utf8")).toBe(config);
    expect(await blobs()).toEqual([sha256(weights), gitHash(Buffer.from(config))].sort());
    expect((await lstat(first.path)).isSymbolicLink()).toBe(true);
    expect(await readlink(first.path)).toBe(join("..", "..", "blobs", sha256(weights)));
    expect(await readFile(join(repoFolder(), "refs", "main"), "utf8")).toBe(commit);
    expect(progress[0]).toEqual([0, weights.length]);
    expect(progress.at(-1)).toEqual([weights.length, weights.length]);
    expect(progress.every(([received], i) => i === 0 || received >= progress[i - 1]![0])).toBe(true);
    expect((await readdir(join(folder, "hub", ".locks", "models--timm--vit_tiny_patch16_224.augreg"))).length).toBe(0);

    hub.requests.length = 0;
    expect(await fetchIt()).toEqual({ ...first, downloaded: false });
    expect(hub.requests.map(({ method }) => method)).toEqual(["HEAD"]);
  });

  test("is found where Python put it, without a question when a commit is named", async () => {
    await mkdir(join(repoFolder(), "blobs"), { recursive: true });
    await mkdir(join(repoFolder(), "snapshots", commit), { recursive: true });
    await mkdir(join(repoFolder(), "refs"));
    await writeFile(join(repoFolder(), "refs", "main"), commit);
    await writeFile(join(repoFolder(), "blobs", sha256(weights)), weights);
    const path = join(repoFolder(), "snapshots", commit, "model.safetensors");
    await symlink(join("..", "..", "blobs", sha256(weights)), path);
    expect(await fetchIt(repo, { offline: true })).toMatchObject({ path, config: undefined, downloaded: false });
    expect(await fetchIt(`${repo}@${commit}`, { env: { HF_HUB_OFFLINE: "1" } })).toMatchObject({ path });
    expect(hub.requests).toEqual([]);
    expect(await fetchIt(`${repo}@${commit}`)).toMatchObject({ path, downloaded: false, config: expect.any(String) });
    expect(asked("GET", "storage")).toEqual([]);
  });

  test("takes timm's prefix, a revision, another file, and follows a repository that was renamed", async () => {
    hub.repos[repo]!.revisions = ["refs/pr/1"];
    hub.repos[repo]!.files["sub/other weights.safetensors"] = "other";
    hub.repos["google/vit"] = { commit, files: {}, movedTo: repo };
    const got = await fetchIt(`hf-hub:${repo}@refs/pr/1`, { file: "sub/other weights.safetensors" });
    expect(await readFile(got.path, "utf8")).toBe("other");
    expect(await readFile(join(repoFolder(), "refs", "refs", "pr", "1"), "utf8")).toBe(commit);
    const moved = await fetchIt("google/vit");
    expect(moved.path).toContain("models--google--vit");
    expect(weights.equals(await readFile(moved.path))).toBe(true);
  });

  test("without config.json is still good", async () => {
    delete hub.repos[repo]!.files["config.json"];
    expect(await fetchIt()).toMatchObject({ config: undefined, downloaded: true });
    expect(warnings).toEqual([]);
  });

  test("whose branch moved is downloaded anew, and the old commit stays", async () => {
    const old = await fetchIt();
    const next = "f".repeat(40);
    hub.repos[repo] = { commit: next, files: { "model.safetensors": "new" } };
    const now = await fetchIt();
    expect(await readFile(now.path, "utf8")).toBe("new");
    expect(now.commit).toBe(next);
    expect(await readFile(join(repoFolder(), "refs", "main"), "utf8")).toBe(next);
    expect(weights.equals(await readFile(old.path))).toBe(true);
  });

  test("keeps small files that are not in large-file storage, checked by git's hash", async () => {
    hub.repos[repo]!.large = () => false;
    const got = await fetchIt();
    expect(await blobs()).toContain(gitHash(weights));
    expect(weights.equals(await readFile(got.path))).toBe(true);
  });

  test("is copied where links are not wanted", async () => {
    const got = await fetchIt(repo, { env: { HF_HUB_DISABLE_SYMLINKS: "1" } });
    expect((await lstat(got.path)).isFile()).toBe(true);
    expect(weights.equals(await readFile(got.path))).toBe(true);
  });

  test("is sent the token; the storage elsewhere is not", async () => {
    hub.repos[repo]!.token = "hf_secret";
    await fetchIt(repo, { env: { HF_TOKEN: "hf_secret" } });
    expect(new Set(asked("HEAD").map(({ authorization }) => authorization))).toEqual(new Set(["Bearer hf_secret"]));
    expect(asked("GET", "storage").map(({ authorization }) => authorization)).toEqual([undefined]);
    await writeFile(join(folder, "token"), "hf_secret\n");
    await rm(repoFolder(), { recursive: true });
    expect((await fetchIt()).downloaded).toBe(true);
    await rm(repoFolder(), { recursive: true });
    expect(await failure(fetchIt(repo, { env: { HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" } }))).toContain("set HF_TOKEN");
  });
});

describe("a bad connection", () => {
  test("is resumed where it broke, as often as bytes arrive", async () => {
    hub.trouble.cuts = [100_000, 1000, 1000, 1000, 1000, 50_000];
    const got = await fetchIt(repo, { retries: 1 });
    expect(weights.equals(await readFile(got.path))).toBe(true);
    const ranges = asked("GET", "storage").map(({ range }) => range);
    expect(ranges.length).toBe(7);
    expect(ranges.slice(0, 3)).toEqual([undefined, "bytes=100000-", "bytes=101000-"]);
  });

  test("that ends for good keeps what arrived for the next time, under a name nobody takes for the file", async () => {
    hub.trouble.cuts = [100_000, 0];
    const message = await failure(fetchIt(repo, { retries: 1 }));
    expect(message).toMatch(/could not be fetched from .*what arrived is kept/);
    expect(await blobs()).toEqual([`${sha256(weights)}.vitrine.incomplete`]);
    expect(await failure(fetchIt(repo, { offline: true }))).toContain("model.safetensors is not in");
    hub.requests.length = 0;
    const got = await fetchIt();
    expect(asked("GET", "storage").map(({ range }) => range)).toEqual(["bytes=100000-"]);
    expect(weights.equals(await readFile(got.path))).toBe(true);
    expect(await blobs()).toEqual([sha256(weights), gitHash(Buffer.from(config))].sort());
  });

  test("that stands still is given up and resumed", async () => {
    hub.trouble.stalls = 1;
    const got = await fetchIt(repo, { env: { HF_HUB_DOWNLOAD_TIMEOUT: "0.3" } });
    expect(weights.equals(await readFile(got.path))).toBe(true);
    expect(asked("GET", "storage").map(({ range }) => range)).toEqual([undefined, "bytes=150000-"]);
  });

  test("to a server that ignores ranges starts from the beginning", async () => {
    hub.trouble.cuts = [100_000];
    hub.trouble.ignoreRange = true;
    const got = await fetchIt();
    expect(weights.equals(await readFile(got.path))).toBe(true);
  });

  test("to a busy server is tried again; a lasting fault is told", async () => {
    hub.trouble.statuses = [503, 429];
    expect((await fetchIt()).downloaded).toBe(true);
    await rm(repoFolder(), { recursive: true });
    hub.trouble.statuses = Array(20).fill(502);
    expect(await failure(fetchIt())).toContain("answered 502 Bad Gateway");
    expect(hub.trouble.statuses.length).toBe(17);
  });

  test("with a part that was spoilt on the disk is found out by the hash and starts anew", async () => {
    await mkdir(join(repoFolder(), "blobs"), { recursive: true });
    await writeFile(join(repoFolder(), "blobs", `${sha256(weights)}.vitrine.incomplete`), new Uint8Array(1000));
    const got = await fetchIt();
    expect(asked("GET", "storage").map(({ range }) => range)).toEqual(["bytes=1000-", undefined]);
    expect(weights.equals(await readFile(got.path))).toBe(true);
  });

  test("that delivers other content is refused, by hash and by size, and nothing is kept", async () => {
    const changed = Buffer.from(weights);
    changed[77]! ^= 1;
    hub.trouble.wrongBytes = [changed];
    expect(await failure(fetchIt())).toContain(`expected sha256 ${sha256(weights)}, received other content`);
    expect(await blobs()).toEqual([]);
    hub.trouble.wrongBytes = [Buffer.concat([weights, weights])];
    expect(await failure(fetchIt())).toContain("expected 300000 bytes, received 600000");
    expect(await blobs()).toEqual([]);
    hub.repos[repo]!.large = () => false;
    hub.trouble.wrongBytes = [changed];
    expect(await failure(fetchIt())).toContain(`expected sha1 ${gitHash(weights)}`);
    expect((await fetchIt()).downloaded).toBe(true);
  });

  test("with a cached file of the wrong size repairs it", async () => {
    const { path } = await fetchIt();
    await truncate(path, 5);
    expect(await fetchIt()).toMatchObject({ path, downloaded: true });
    expect(weights.equals(await readFile(path))).toBe(true);
  });

  test("ends at once when the caller says so, and goes on later", async () => {
    const controller = new AbortController();
    const reason = new Error("the user pressed Ctrl-C");
    hub.trouble.stalls = 1;
    const onProgress = (received: number) => received > 0 && controller.abort(reason);
    await expect(fetchIt(repo, { signal: controller.signal, onProgress })).rejects.toBe(reason);
    expect(await blobs()).toEqual([`${sha256(weights)}.vitrine.incomplete`]);
    expect((await fetchIt()).downloaded).toBe(true);
    expect(asked("GET", "storage").at(-1)?.range).toMatch(/^bytes=\d+-$/);
  });
});

describe("without the hub", () => {
  const nobody = () =>
    new Promise<string>((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address() as { port: number };
        server.close(() => resolve(`http://127.0.0.1:${port}`));
      });
    });

  test("the cache serves, with a warning; offline mode serves without", async () => {
    const { path, config: there } = await fetchIt();
    const endpoint = await nobody();
    expect(await fetchIt(repo, { endpoint })).toMatchObject({ path, config: there, downloaded: false });
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toMatch(/the hub could not be asked \(127\.0\.0\.1:\d+ refused the connection.*using the copy/);
    expect(await fetchIt(repo, { endpoint, env: { HF_HUB_OFFLINE: "true" } })).toMatchObject({ path, config: there });
    expect(warnings).toEqual([]);
  });

  test("says what to do when nothing is cached", async () => {
    const endpoint = await nobody();
    expect(await failure(fetchIt(repo, { endpoint, retries: 0 }))).toMatch(
      /refused the connection.*HF_ENDPOINT to a mirror, or download model\.safetensors elsewhere and give its path/,
    );
    const proxied = fetchIt(repo, { endpoint, retries: 0, env: { HTTPS_PROXY: "http://proxy:3128" } });
    expect(await failure(proxied)).toContain("NODE_USE_ENV_PROXY=1");
    expect(await failure(fetchIt(repo, { env: { HF_HUB_OFFLINE: "1" } }))).toMatch(
      /model\.safetensors is not in .*offline mode is on. Unset HF_HUB_OFFLINE/,
    );
    await fetchIt();
    expect(await failure(fetchIt("timm/vit_tiny_patch16_224.augrge", { offline: true }))).toContain(
      `(did you mean "${repo}"?)`,
    );
  });

  test("a server that is no hub is told apart", async () => {
    delete hub.repos[repo];
    hub.repos["x/y"] = { commit: "../../../../etc", files: { "model.safetensors": "x" } };
    expect(await failure(fetchIt("x/y"))).toContain("does not answer as a hub does");
    expect(asked("HEAD").length).toBe(1);
  });
});

describe("refusals of the hub", () => {
  test("a repository that is not there, with the nearest that is known", async () => {
    const message = await failure(fetchIt("timm/vit_tiny_patch16_224.augrge", { known: [repo, "timm/deit"] }));
    expect(message).toContain(
      `no such repository at ${hub.endpoint} (did you mean "${repo}"?); set HF_TOKEN if it is private`,
    );
    expect(await failure(fetchIt("a/b", { token: "t" }))).toContain("or the token has no access to it");
    expect(asked("GET")).toEqual([]);
  });

  test("a gated repository, with and without a token", async () => {
    hub.repos[repo]!.gated = true;
    expect(await failure(fetchIt())).toContain(`accept its terms at ${hub.endpoint}/${repo}, then set HF_TOKEN`);
    expect(await failure(fetchIt(repo, { token: "t" }))).toContain("the token in use has no access");
  });

  test("a revision or a file that is not there", async () => {
    expect(await failure(fetchIt(`${repo}@v9`))).toContain('has no revision "v9"');
    hub.repos[repo]!.files = { "pytorch_model.bin": "", "README.md": "" };
    expect(await failure(fetchIt())).toContain(
      'has no file model.safetensors at revision "main"; it holds pytorch_model.bin, README.md; convert the PyTorch file',
    );
  });

  test("a cache that cannot be written", async () => {
    await writeFile(join(folder, "file"), "");
    expect(await failure(fetchIt(repo, { cache: join(folder, "file", "cache") }))).toBe(
      `${join(folder, "file", "cache")}: cannot write to the cache: a part of the path is a file, not a folder; check the path (ENOTDIR)`,
    );
  });

  test("names that would leave the cache", async () => {
    for (const source of [
      "../x/y",
      "a/..",
      "a/b@../../c",
      "a/b@/c",
      "a--b/c",
      "a/b/c",
      "one",
      `${"x".repeat(90)}/${"y".repeat(90)}`,
    ])
      expect(await failure(fetchIt(source))).toContain("no such file or folder");
    expect(await failure(fetchIt(repo, { revision: "../../x" }))).toContain("not the name of a revision");
    expect(await failure(fetchIt(repo, { file: "../model.safetensors" }))).toContain("not the name of a file");
    expect(hub.requests).toEqual([]);
  });

  test("an endpoint or a time that is none", async () => {
    expect(await failure(fetchIt(repo, { env: { HF_ENDPOINT: "huggingface" } }))).toContain('found "huggingface"');
    expect(await failure(fetchIt(repo, { env: { HF_HUB_ETAG_TIMEOUT: "soon" } }))).toContain("expected seconds");
  });
});

describe("a path", () => {
  test("to a file or a folder is used as it is, and wins over the hub", async () => {
    await writeFile(join(folder, "config.json"), "{}");
    await writeFile(join(folder, "a.safetensors"), "");
    const file = { path: join(folder, "a.safetensors"), config: join(folder, "config.json"), downloaded: false };
    expect(await fetchIt(join(folder, "a.safetensors"))).toMatchObject(file);
    expect(await fetchIt(folder)).toMatchObject(file);
    await writeFile(join(folder, "b.safetensors"), "");
    expect(await failure(fetchIt(folder))).toContain("holds 2 safetensors files (a.safetensors, b.safetensors)");
    await writeFile(join(folder, "model.safetensors"), "");
    expect(await fetchIt(folder)).toMatchObject({ path: join(folder, "model.safetensors") });
    expect(hub.requests).toEqual([]);
  });

  test("that leads nowhere, or to PyTorch's own format", async () => {
    await mkdir(join(folder, "old"));
    await writeFile(join(folder, "old", "pytorch_model.bin"), "");
    expect(await failure(fetchIt(join(folder, "old")))).toContain("found pytorch_model.bin; convert the PyTorch file");
    await writeFile(join(folder, "best.safetensors"), "");
    expect(await failure(fetchIt(join(folder, "bset.safetensors")))).toContain('(did you mean "best.safetensors"?)');
    expect(hub.requests).toEqual([]);
  });
});

describe("other processes", () => {
  // Child processes run the built package: they cannot read TypeScript on every supported Node.
  const built = new URL("../../dist/node.js", import.meta.url).href;
  const script = `
    const { fetchWeights } = await import(${JSON.stringify(built)});
    const write = (text) => process.stdout.write(text);
    await fetchWeights(process.argv[1], { retryDelay: 1, onProgress: (received) => received > 0 && write(".") }).then(
      ({ path }) => write("|" + path),
      (error) => write("!" + error.message),
    );
  `;
  const run = (...before: string[]) => {
    const [command = "", ...args] = [...before, process.execPath, "--input-type=module", "-e", script, repo];
    const env = { PATH: process.env.PATH, HF_ENDPOINT: hub.endpoint, HF_HOME: folder };
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    const output = new Promise<string>((resolve) => {
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += chunk;
      });
      child.once("close", () => resolve(text));
    });
    return { child, output };
  };

  test("and calls of this one share one download", async () => {
    const paths = [1, 2, 3].map(async () => (await run().output).split("|")[1]!);
    const results = await Promise.all([...paths, ...[1, 2].map(async () => (await fetchIt()).path)]);
    expect(new Set(results)).toEqual(new Set([join(repoFolder(), "snapshots", commit, "model.safetensors")]));
    expect(weights.equals(await readFile(results[0]!))).toBe(true);
    expect(asked("GET", "storage").length).toBe(1);
    expect(await blobs()).toEqual([sha256(weights), gitHash(Buffer.from(config))].sort());
  });

  test("leave, when killed, what the next one goes on with at once", async () => {
    hub.trouble.stalls = 1;
    const { child, output } = run();
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGKILL");
    await output;
    expect((await blobs()).length).toBe(1);
    const got = await fetchIt();
    expect(weights.equals(await readFile(got.path))).toBe(true);
    const ranges = asked("GET", "storage").map(({ range }) => range);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
    expect(await blobs()).toEqual([sha256(weights), gitHash(Buffer.from(config))].sort());
  });

  // A file system of 64 KiB, visible to the child alone. Where the kernel does not lend one, there is nothing to test on.
  const mount = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"'];
  const canMount = spawnSync(mount[0]!, [...mount.slice(1), tmpdir(), "true"]).status === 0;
  test.skipIf(!canMount)("are told before the download that the disk is too small", async () => {
    expect(await run(...mount, folder).output).toMatch(
      /!.*model\.safetensors: needs 0\.3 MB on the disk of .*blobs, which has 0\.1 MB free; free some space or set HF_HUB_CACHE/,
    );
    expect(asked("GET", "storage")).toEqual([]);
  });
});
