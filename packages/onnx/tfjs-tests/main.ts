// The order matters: the environment, the specs, then the run.

import { jasmine, print } from "./environment.ts";
import "tfjs-specs";
import { excluded } from "./excluded.ts";
import { Reporter } from "./reporter.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as { filter?: string; list?: boolean };
const reporter = new Reporter(options.list ?? false, print);
const env = jasmine.getEnv();
env.configure({
  random: false,
  specFilter(spec) {
    const name = spec.getFullName();
    if (options.filter !== undefined && !name.includes(options.filter)) return false;
    const exclusion = excluded.find(({ specs }) => specs.some((pattern) => pattern.test(name)));
    if (exclusion !== undefined) reporter.exclude(name, exclusion.reason);
    return exclusion === undefined;
  },
});
env.addReporter(reporter);
env.execute();
