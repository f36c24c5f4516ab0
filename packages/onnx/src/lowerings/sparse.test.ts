import { tf } from "@vitrine/core";
import { parity, rand } from "../testing.ts";

const matrix = (rows: number[][]) => tf.tensor2d(rows, [rows.length, rows[0]!.length], "int32");
const vector = (values: number[]) => tf.tensor1d(values, "int32");

parity("lists of indices", [
  [
    "empty rows are filled, and rows come out in order",
    () => {
      const indices = matrix([
        [3, 1],
        [0, 2],
        [3, 0],
      ]);
      return Object.values(tf.sparse.sparseFillEmptyRows(indices, [7, 8, 9], vector([5, 4]), -1));
    },
  ],
  [
    "a size that is left open is found",
    () =>
      Object.values(
        tf.sparse.sparseReshape(
          matrix([
            [0, 5],
            [1, 0],
          ]),
          vector([2, 6]),
          vector([3, -1]),
        ),
      ),
  ],
  [
    "segments that have no rows are zero",
    () => tf.sparse.sparseSegmentSum(rand(4, 3), vector([3, 0, 3]), vector([0, 0, 2])),
  ],
  ["means of segments", () => tf.sparse.sparseSegmentMean(rand(4, 2, 2), vector([3, 0, 1]), vector([1, 1, 2]))],
]);
