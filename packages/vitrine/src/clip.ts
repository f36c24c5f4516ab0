// What CLIP has besides being a model: `vitrine/clip`. Apart from the main list, so that only who asks for it loads it.

export * from "@vitrine/clip";
export * from "@vitrine/clip/node";
