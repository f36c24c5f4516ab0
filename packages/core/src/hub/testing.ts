// A hub on this machine, for tests: answers as the Hugging Face hub does, keeps a list of what it was asked, and fails in
// the ways networks fail. Large files are redirected to a second origin, as the hub redirects to its storage.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface TestRepo {
  commit: string;
  /** Other names of that commit, beside `main`. */
  revisions?: string[];
  files: Record<string, Uint8Array | string>;
  /** Files kept in large-file storage: those whose hash is a sha256. Default: names that end in `.safetensors`. */
  large?: (name: string) => boolean;
  /** Only for this token. */
  token?: string;
  gated?: boolean;
  /** The repository was renamed to this. */
  movedTo?: string;
}

/** What goes wrong; change it between requests. */
export interface TestTrouble {
  /** Each entry ends one transfer after so many bytes. */
  cuts: number[];
  /** Each entry answers one request of the hub with that status. */
  statuses: number[];
  /** Each entry answers one transfer with these bytes. */
  wrongBytes: Uint8Array[];
  /** The storage sends the whole file, whatever range was asked for. */
  ignoreRange: boolean;
  /** Transfers stop in the middle without ending, this many times. */
  stalls: number;
}

export interface TestRequest {
  method: string;
  path: string;
  origin: "hub" | "storage";
  authorization: string | undefined;
  range: string | undefined;
}

export interface TestHub {
  readonly endpoint: string;
  readonly repos: Record<string, TestRepo>;
  readonly trouble: TestTrouble;
  readonly requests: TestRequest[];
  close(): Promise<void>;
}

/** Starts a hub with the given repositories on free ports of this machine. */
export async function startTestHub(repos: Record<string, TestRepo>): Promise<TestHub> {
  const trouble: TestTrouble = { cuts: [], statuses: [], wrongBytes: [], ignoreRange: false, stalls: 0 };
  const requests: TestRequest[] = [];
  const blobs = () => Object.values(repos).flatMap(({ files }) => Object.values(files).map(bytesOf));

  const storage = await listen((request, response) => {
    note("storage", request);
    const hash = request.url?.split(/[/?]/)[1];
    const bytes = blobs().find((candidate) => sha256(candidate) === hash);
    if (bytes === undefined) return end(response, 404);
    send(request, response, bytes, { etag: '"storage-etag"' });
  });

  const hub = await listen((request, response) => {
    note("hub", request);
    const status = trouble.statuses.shift();
    if (status !== undefined) return end(response, status);
    const [, repo = "", kind = "", revision = "", file = ""] =
      /^\/([^/]+\/[^/]+)\/(resolve|cache)\/([^/]+)\/([^?]+)/.exec(request.url ?? "") ?? [];
    const listed = /^\/api\/models\/([^/]+\/[^/]+)\/revision\//.exec(request.url ?? "")?.[1];
    if (listed !== undefined && repos[listed] !== undefined) {
      const siblings = Object.keys(repos[listed].files).map((rfilename) => ({ rfilename }));
      return end(response, 200, {}, JSON.stringify({ siblings }));
    }
    const found = repos[repo];
    // To strangers the hub does not say whether a repository exists.
    if (found === undefined || (found.token !== undefined && request.headers.authorization !== `Bearer ${found.token}`))
      return end(response, request.headers.authorization ? 404 : 401, { "x-error-code": "RepoNotFound" });
    if (found.gated) return end(response, 403, { "x-error-code": "GatedRepo" });
    if (found.movedTo !== undefined)
      return end(response, 307, { location: (request.url ?? "").replace(repo, found.movedTo) });
    if (![found.commit, "main", ...(found.revisions ?? [])].includes(decodeURIComponent(revision)))
      return end(response, 404, { "x-error-code": "RevisionNotFound" });
    const content = found.files[decodeURIComponent(file)];
    const headers = { "x-repo-commit": found.commit };
    if (content === undefined) return end(response, 404, { ...headers, "x-error-code": "EntryNotFound" });
    const bytes = bytesOf(content);
    if (found.large?.(file) ?? file.endsWith(".safetensors"))
      return end(response, 302, {
        ...headers,
        location: `${address(storage)}/${sha256(bytes)}?signature=secret`,
        "x-linked-etag": `"${sha256(bytes)}"`,
        "x-linked-size": String(bytes.length),
        etag: '"of-the-redirect"',
      });
    // The hub serves its small files from another path of its own.
    if (kind === "resolve")
      return end(response, 307, { ...headers, location: (request.url ?? "").replace("/resolve/", "/cache/") });
    send(request, response, bytes, { ...headers, etag: `"${gitHash(bytes)}"` });
  });

  return {
    endpoint: address(hub),
    repos,
    trouble,
    requests,
    close: async () => {
      for (const server of [hub, storage]) {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
    },
  };

  function note(origin: "hub" | "storage", { method = "", url = "", headers }: IncomingMessage): void {
    requests.push({ origin, method, path: url, authorization: headers.authorization, range: headers.range });
  }

  function send(request: IncomingMessage, response: ServerResponse, right: Uint8Array, headers: object): void {
    const transfer = request.method === "GET";
    const bytes = (transfer ? trouble.wrongBytes.shift() : undefined) ?? right;
    const from = trouble.ignoreRange ? 0 : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from >= bytes.length && from > 0) {
      end(response, 416);
      return;
    }
    const rest = bytes.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      ...headers,
      "content-length": rest.length,
      ...(from > 0 && { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    const cut = transfer ? trouble.cuts.shift() : undefined;
    if (!transfer) response.end();
    else if (cut !== undefined) response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
    else if (trouble.stalls > 0) {
      trouble.stalls--;
      response.write(rest.subarray(0, rest.length / 2));
    } else response.end(rest);
  }
}

async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function address(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function end(response: ServerResponse, status: number, headers: Record<string, string> = {}, body?: string): void {
  response.writeHead(status, headers).end(body);
}

function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? Buffer.from(content) : content;
}

/** The hash by which the hub names a large file. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The hash by which the hub, as git, names any other. */
export function gitHash(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}
