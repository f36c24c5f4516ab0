import { describeShare } from "../src/shares.ts";

await describeShare(1, 4);
