import { describeShare } from "../src/shares.ts";

await describeShare(2, 4);
