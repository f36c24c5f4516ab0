// Modules without types, or that exist only in the bundle.

declare module "tfjs-specs";
declare module "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";

declare module "@tensorflow/tfjs-core/dist/jasmine_util" {
  export function setTestEnvs(envs: { name: string; backendName: string; isDataSync: boolean }[]): void;
}

declare module "jasmine-core" {
  interface Env {
    configure(options: { random: boolean; specFilter(spec: { getFullName(): string }): boolean }): void;
    addReporter(reporter: object): void;
    execute(): void;
  }
  const core: { boot(core: object): { getEnv(): Env } };
  export default core;
}
