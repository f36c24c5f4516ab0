// What the hub's refusals and troubles mean for the user, and what to do about each.

import { didYouMean, VitrineError } from "../errors.ts";
import { cachedRepos } from "./cache.ts";
import { get, HubRefusal, type HubTrouble } from "./http.ts";
import type { HubContext } from "./hub-file.ts";
import { type HubSource, pickles, some } from "./source.ts";

export async function hubError(
  hub: HubContext,
  source: HubSource,
  file: string,
  cause: HubRefusal | HubTrouble,
): Promise<VitrineError> {
  const { settings } = hub;
  const { repo, revision } = source;
  const page = `${settings.endpoint}/${repo}`;
  if (!(cause instanceof HubRefusal))
    return new VitrineError(
      repo,
      `could not be fetched from ${settings.endpoint}: ${cause.message}. Check the connection and try again (what arrived is kept), set HF_ENDPOINT to a mirror, or download ${file} elsewhere and give its path`,
      { cause },
    );
  const error = (message: string) => new VitrineError(repo, message, { cause, usage: true });
  if (cause.code === "GatedRepo")
    return error(
      settings.token === undefined
        ? `is gated: accept its terms at ${page}, then set HF_TOKEN to a token of your account`
        : `is gated, and the token in use has no access: accept its terms at ${page} with the token's account`,
    );
  if (cause.code === "RevisionNotFound")
    return error(`has no revision "${revision}"; its branches and commits are listed at ${page}/commits/main`);
  if (cause.code === "EntryNotFound") return error(await noSuchFile(hub, source, file));
  if (cause.status === 401 && settings.token !== undefined && cause.code !== "RepoNotFound")
    return error(
      `the hub did not accept the token (${cause.message}); make a new one, or unset HF_TOKEN if none is needed`,
    );
  if (cause.code === "RepoNotFound" || cause.status === 401 || cause.status === 404) {
    const hint = didYouMean(repo, [...hub.known, ...(await cachedRepos(settings.cache))]);
    const key = settings.token === undefined ? "set HF_TOKEN if it is private" : "or the token has no access to it";
    return error(`no such repository at ${settings.endpoint}${hint}; ${key}`);
  }
  return error(`the hub refused ${cause.url}: ${cause.status} ${cause.message}`);
}

/** For offline mode: what is missing, and how it gets there. */
export async function notCached(hub: HubContext, { repo, revision }: HubSource, file: string): Promise<VitrineError> {
  const { settings } = hub;
  const repos = await cachedRepos(settings.cache);
  const there = repos.includes(repo)
    ? `${revision === "main" ? "" : `at revision "${revision}" `}in ${settings.cache}`
    : `in ${settings.cache}${didYouMean(repo, repos)}`;
  return new VitrineError(
    repo,
    `${file} is not ${there}, and offline mode is on. Unset HF_HUB_OFFLINE to download it, fill the cache on a connected machine and copy the folder, or give the path of a file`,
    { usage: true },
  );
}

async function noSuchFile(hub: HubContext, { repo, revision }: HubSource, file: string): Promise<string> {
  const names = await listFiles(hub, repo, revision);
  const there = names === undefined ? "" : `; it holds ${some(names)}${didYouMean(file, names)}${pickles(names)}`;
  return `has no file ${file} at revision "${revision}"${there}`;
}

/** Names of a repository's files, when the hub says. Serves an error message, so it fails quietly. */
async function listFiles(hub: HubContext, repo: string, revision: string): Promise<string[] | undefined> {
  try {
    const url = `${hub.settings.endpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}`;
    const response = await get(url, hub, AbortSignal.timeout(hub.settings.headTimeout));
    const { siblings } = (await response.json()) as { siblings: { rfilename: string }[] };
    return siblings.map(({ rfilename }) => rfilename);
  } catch {
    return undefined;
  }
}
