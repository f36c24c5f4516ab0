// Requests to the hub with what its addresses need: redirects to storage elsewhere (where the token must not go), silence
// that ends, and a second try when a connection breaks or a server is busy.

import { setTimeout as sleep } from "node:timers/promises";
import type { HubSettings } from "./settings.ts";

/** The hub answered, and the answer is no. */
export class HubRefusal extends Error {
  readonly status: number;
  /** The hub's own word for it: RepoNotFound, RevisionNotFound, EntryNotFound, GatedRepo. */
  readonly code: string | undefined;
  readonly url: string;

  constructor(url: string, response: Response) {
    super(response.headers.get("x-error-message") ?? response.statusText);
    this.status = response.status;
    this.code = response.headers.get("x-error-code") ?? undefined;
    this.url = withoutQuery(url);
  }
}

/** No answer, a broken one, or a busy server: mostly worth another try. */
export class HubTrouble extends Error {
  /** What the server asked for, in milliseconds. */
  readonly retryAfter: number | undefined;
  /** Trying again would meet the same. */
  readonly lasting: boolean;

  constructor(message: string, options: { cause?: unknown; retryAfter?: number | undefined; lasting?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.retryAfter = options.retryAfter;
    this.lasting = options.lasting ?? false;
  }
}

export interface RequestOptions {
  readonly settings: HubSettings;
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

const maxRedirects = 10;

/**
 * HEAD, hop by hop. Stops where the file is described: at an answer, at the redirect to the storage of a large file (which
 * carries the description itself), or wherever `enough` is content. Returns the answers of all hops.
 */
export async function headAll(
  url: string,
  enough: (hops: readonly Response[]) => boolean,
  options: RequestOptions,
): Promise<Response[]> {
  const hops: Response[] = [];
  let next: string | undefined = url;
  while (next !== undefined && hops.length <= maxRedirects) {
    const response = await once("HEAD", next, options, AbortSignal.timeout(options.settings.headTimeout));
    hops.push(response);
    next = enough(hops) ? undefined : redirectTarget(next, response);
  }
  return hops;
}

/** GET with redirects followed; `quiet` ends a transfer that stands still. The body is the caller's to read. */
export async function get(url: string, options: RequestOptions, quiet: AbortSignal): Promise<Response> {
  let next = url;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = await once("GET", next, options, quiet);
    const target = redirectTarget(next, response);
    if (target === undefined) return response;
    await response.body?.cancel();
    next = target;
  }
  throw new HubTrouble(`more than ${maxRedirects} redirects from ${withoutQuery(url)}`, { lasting: true });
}

async function once(
  method: "GET" | "HEAD",
  url: string,
  options: RequestOptions,
  limit: AbortSignal,
): Promise<Response> {
  const { settings, signal } = options;
  const headers: Record<string, string> = {
    // A compressed answer would hide the size of the file.
    "accept-encoding": "identity",
    "user-agent": "vitrine",
    ...options.headers,
  };
  // Storage elsewhere is opened by the signature in its address; the token is nobody's business there.
  if (settings.token !== undefined && new URL(url).origin === new URL(settings.endpoint).origin)
    headers.authorization = `Bearer ${settings.token}`;
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers,
      redirect: "manual",
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
  } catch (cause) {
    throw troubleOf(url, cause, options);
  }
  if (response.status >= 400) {
    await response.body?.cancel().catch(() => {});
    if (response.status === 408 || response.status === 429 || response.status >= 500)
      throw new HubTrouble(`${new URL(url).host} answered ${response.status} ${response.statusText}`, {
        retryAfter: retryAfter(response),
      });
    throw new HubRefusal(url, response);
  }
  return response;
}

/** What went wrong with a connection, in words; the caller's own abort stays what it is. */
export function troubleOf(url: string, cause: unknown, { settings, signal }: RequestOptions): unknown {
  if (signal?.aborted) return signal.reason;
  const { host } = new URL(url);
  if ((cause as Error | undefined)?.name === "TimeoutError")
    return new HubTrouble(`${host} did not answer in time`, { cause });
  // fetch says "fetch failed" and keeps the reason inside; several addresses of a host make an AggregateError of it.
  let inner: unknown = cause;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  if (inner instanceof AggregateError && inner.errors.length > 0) inner = inner.errors[0];
  const { code, message } = inner as NodeJS.ErrnoException;
  const words =
    code === "ENOTFOUND" || code === "EAI_AGAIN"
      ? `the name ${host} could not be looked up`
      : code === "ECONNREFUSED"
        ? `${host} refused the connection`
        : `the connection to ${host} failed (${code ?? message})`;
  const proxied = settings.proxy !== undefined && process.env.NODE_USE_ENV_PROXY !== "1";
  const note = proxied
    ? "; a proxy is set in the environment, which Node uses only with NODE_USE_ENV_PROXY=1 (Node 22.21, 24 and later)"
    : "";
  return new HubTrouble(words + note, { cause });
}

function redirectTarget(url: string, response: Response): string | undefined {
  const location = response.headers.get("location");
  if (response.status < 300 || response.status > 399 || location === null) return undefined;
  if (!URL.canParse(location, url))
    throw new HubTrouble(`${new URL(url).host} redirects to no address`, { lasting: true });
  return new URL(location, url).href;
}

/** Signed addresses carry their signature in the query: not for messages. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, "");
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds, 60) * 1000 : undefined;
}

export interface RetryOptions {
  /** Further tries after the first. */
  readonly retries: number;
  /** Wait before the first of them, in milliseconds; doubles with each, up to 16 times. */
  readonly retryDelay: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs `action` again while it fails with trouble. Progress made by a try (`action` says so) starts the count anew. */
export async function retrying<T>(
  { retries, retryDelay, signal }: RetryOptions,
  action: (progressed: () => void) => Promise<T>,
): Promise<T> {
  let failures = 0;
  for (;;) {
    try {
      return await action(() => {
        failures = 0;
      });
    } catch (error) {
      if (!(error instanceof HubTrouble) || error.lasting || failures >= retries) throw error;
      await sleep(error.retryAfter ?? retryDelay * Math.min(16, 2 ** failures), undefined, signal && { signal });
      failures++;
    }
  }
}
