// The one import of TensorFlow.js. Its core package alone brings no gradients; the bundle made at build registers them.

import * as tf from "@tensorflow/tfjs-core";
import "#tfjs-gradients";

export { tf };
