import { tf } from "@vitrine/core";
import { parity, rand } from "../testing.ts";

const complex = (...shape: number[]) => tf.complex(rand(...shape), rand(...shape));
const parts = (x: tf.Tensor) => [tf.real(x), tf.imag(x)];

parity("complex numbers", [
  ["products and moves", () => parts(tf.transpose(tf.mul(complex(2, 3), tf.concat([complex(1, 3), complex(1, 3)]))))],
  ["absolute values", () => tf.abs(complex(5))],
  [
    "a spectrum and back, of a length that is no power of 2",
    () => parts(tf.ifft(tf.mul(tf.fft(complex(3, 7)), complex(3, 7)))),
  ],
  [
    "spectra of real rows",
    () => [tf.abs(tf.spectral.rfft(rand(2, 8))), tf.spectral.irfft(tf.spectral.rfft(rand(2, 8)))],
  ],
]);
