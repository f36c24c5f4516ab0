#!/usr/bin/env node
// The `vitrine` command. Loads nothing but the table of commands until it knows what is asked.

import { main } from "./main.ts";

process.exitCode = await main(process.argv.slice(2));
