// The hub's settings from the environment: the variables of Python's huggingface_hub, with its defaults, so that one
// machine needs one configuration and one cache.
// https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { VitrineError } from "../errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface HubSettings {
  /** Address of the hub, without a slash at the end. */
  readonly endpoint: string;
  /** Folder that holds `models--org--name` folders. */
  readonly cache: string;
  readonly offline: boolean;
  /** False where links are not wanted; files are then copied. */
  readonly links: boolean;
  /** How long the hub may take to describe a file, in milliseconds. */
  readonly headTimeout: number;
  /** How long a download may stand still, in milliseconds. */
  readonly idleTimeout: number;
  readonly token: string | undefined;
  /** A proxy that the environment names, in case Node does not use it. */
  readonly proxy: string | undefined;
}

export async function hubSettings(env: Environment): Promise<HubSettings> {
  const home =
    expand(env.HF_HOME, env) ?? join(expand(env.XDG_CACHE_HOME, env) ?? join(homedir(), ".cache"), "huggingface");
  return {
    endpoint: endpointOf(env.HF_ENDPOINT || "https://huggingface.co"),
    cache: expand(env.HF_HUB_CACHE, env) ?? expand(env.HUGGINGFACE_HUB_CACHE, env) ?? join(home, "hub"),
    offline: isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
    links: !isTrue(env.HF_HUB_DISABLE_SYMLINKS),
    headTimeout: milliseconds(env, "HF_HUB_ETAG_TIMEOUT", 10),
    idleTimeout: milliseconds(env, "HF_HUB_DOWNLOAD_TIMEOUT", 30),
    token: await tokenOf(env, home),
    proxy: env.HTTPS_PROXY || env.https_proxy || env.HTTP_PROXY || env.http_proxy || env.ALL_PROXY || env.all_proxy,
  };
}

export function endpointOf(address: string): string {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new VitrineError(
      "hub",
      `expected an address such as https://huggingface.co in HF_ENDPOINT, found "${address}"`,
      {
        usage: true,
      },
    );
  return address.replace(/\/+$/, "");
}

/** The token of the environment, else the one that `hf auth login` stored, unless that is switched off. */
async function tokenOf(env: Environment, home: string): Promise<string | undefined> {
  const given = env.HF_TOKEN?.trim() || env.HUGGING_FACE_HUB_TOKEN?.trim();
  if (given) return given;
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  const stored = await readFile(expand(env.HF_TOKEN_PATH, env) ?? join(home, "token"), "utf8").catch(() => "");
  return stored.trim() || undefined;
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? "");
}

function milliseconds(env: Environment, name: string, seconds: number): number {
  const value = env[name];
  if (value === undefined || value === "") return seconds * 1000;
  if (!(Number(value) > 0))
    throw new VitrineError("hub", `expected seconds in ${name}, found "${value}"`, { usage: true });
  return Number(value) * 1000;
}

/** `~` and `$NAME` as a shell would read them. */
function expand(path: string | undefined, env: Environment): string | undefined {
  if (path === undefined || path === "") return undefined;
  return path
    .replace(/^~(?=$|[\\/])/, homedir())
    .replace(/\$(\w+)|\$\{(\w+)\}/g, (text, name, braced) => env[name ?? braced] ?? text);
}
