import { describeShare } from "../src/shares.ts";

await describeShare(4, 4);
