import { expect, test } from "vitest";
import { predictionsCsv, predictionsJson } from "./results.ts";

const images = [{ path: 'a, "b".jpg', predictions: [{ label: "cat", index: 3, score: 0.5 }] }];

test("quotes what CSV needs quoted", () => {
  expect(predictionsCsv(images)).toBe('filename,rank,label,index,prob\n"a, ""b"".jpg",1,cat,3,0.500000\n');
});

test("writes JSON that reads back", () => {
  expect(JSON.parse(predictionsJson(images))).toEqual([
    { filename: images[0]!.path, predictions: images[0]!.predictions },
  ]);
});
