// Weights by name: a file, a folder, or a repository of the Hugging Face hub.

import { dirname, join } from "node:path";
import { VitrineError } from "../errors.ts";
import { fileSize } from "./cache.ts";
import { type HubContext, hubFile } from "./hub-file.ts";
import { type Environment, endpointOf, hubSettings } from "./settings.ts";
import { localWeights, looksLikePath, parseHubSource, unknownSource } from "./source.ts";

export interface FetchOptions {
  /** Branch, tag or commit; the default is what the source names after `@`, else `main`. */
  revision?: string;
  /** File of the repository. Default `model.safetensors`. */
  file?: string;
  /** Address of the hub. Default `HF_ENDPOINT`, else the public hub. */
  endpoint?: string;
  /** Folder of the cache. Default `HF_HUB_CACHE`, else `HF_HOME/hub`, else the hub's own default. */
  cache?: string;
  /** Access token. Default `HF_TOKEN`, else the one that `hf auth login` stored. */
  token?: string;
  /** Use the cache alone. Default `HF_HUB_OFFLINE`. */
  offline?: boolean;
  /** Called as bytes of the weights arrive; not at all when they were cached. The total may be unknown. */
  onProgress?: (receivedBytes: number, totalBytes: number | undefined) => void;
  /** Called when the hub could not be asked and a cached copy is used. Default: a process warning. */
  onWarning?: (message: string) => void;
  /** Ends the download; what arrived is kept for the next time. */
  signal?: AbortSignal;
  /** Further tries after a broken connection or a busy server, counted anew whenever bytes arrive. Default 5. */
  retries?: number;
  /** Wait before the first of them, in milliseconds; doubles with each. Default 1000. */
  retryDelay?: number;
  /** Repositories to suggest when the name is mistyped. */
  known?: Iterable<string>;
  /** Default `process.env`. */
  env?: Environment;
}

export interface FetchedWeights {
  /** The safetensors file. */
  path: string;
  /** `config.json` beside it, where there is one. */
  config: string | undefined;
  /** The repository and the commit the file is from; nothing for a local path. */
  repo: string | undefined;
  commit: string | undefined;
  /** It came over the network just now. */
  downloaded: boolean;
}

/**
 * Finds weights, downloading them if need be. `source` is a safetensors file, a folder that holds one, or a repository
 * (`timm/vit_small_patch16_224.augreg_in21k_ft_in1k`, optionally `@revision`, optionally after `hf-hub:`); what exists on
 * the disk wins. Downloads go to the cache that Python's huggingface_hub uses, in its layout, are resumed after an
 * interruption, and are checked against the size and hash the hub names before they get their name.
 *
 * Throws a VitrineError that says what to do: nothing of that name, gated or private, offline and not cached, full disk,
 * no connection, wrong content.
 */
export async function fetchWeights(source: string, options: FetchOptions = {}): Promise<FetchedWeights> {
  const local = /^(hf-hub:|hf_hub:|hf:\/\/)/.test(source) ? undefined : await localWeights(source);
  if (local !== undefined) {
    const config = join(dirname(local), "config.json");
    const found = (await fileSize(config)) !== undefined;
    return { path: local, config: found ? config : undefined, repo: undefined, commit: undefined, downloaded: false };
  }
  const parsed = looksLikePath(source) ? undefined : parseHubSource(source);
  if (parsed === undefined) throw await unknownSource(source);
  const remote = options.revision === undefined ? parsed : parseHubSource(`${parsed.repo}@${options.revision}`);
  if (remote === undefined)
    throw new VitrineError(parsed.repo, `"${options.revision}" is not the name of a revision`, { usage: true });
  const file = options.file ?? "model.safetensors";
  if (file.split("/").some((part) => /^\.*$/.test(part)) || /[\\\0]/.test(file))
    throw new VitrineError(parsed.repo, `"${file}" is not the name of a file in a repository`, { usage: true });

  const hub = await context(options);
  // Not optional, so it is there.
  const weights = (await hubFile(hub, remote, file))!;
  const { onProgress: _, ...quiet } = hub;
  const settings = weights.unreachable ? { ...hub.settings, offline: true } : hub.settings;
  const config = await hubFile({ ...quiet, settings }, { ...remote, revision: weights.commit }, "config.json", {
    optional: true,
  });
  return {
    path: weights.path,
    config: config?.path,
    repo: remote.repo,
    commit: weights.commit,
    downloaded: !weights.cached,
  };
}

async function context(options: FetchOptions): Promise<HubContext> {
  const fromEnvironment = await hubSettings(options.env ?? process.env);
  return {
    settings: {
      ...fromEnvironment,
      ...(options.endpoint !== undefined && { endpoint: endpointOf(options.endpoint) }),
      ...(options.cache !== undefined && { cache: options.cache }),
      ...(options.token !== undefined && { token: options.token }),
      ...(options.offline !== undefined && { offline: options.offline }),
    },
    retries: options.retries ?? 5,
    retryDelay: options.retryDelay ?? 1000,
    signal: options.signal,
    onProgress: options.onProgress,
    onWarning: options.onWarning ?? ((message) => process.emitWarning(message)),
    known: [...(options.known ?? [])],
  };
}
