// The command line as a function: `await main(["models", "vit_*"])` gives the exit code.

export { main } from "./main.ts";
