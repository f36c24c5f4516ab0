import { describeShare } from "../src/shares.ts";

await describeShare(3, 4);
