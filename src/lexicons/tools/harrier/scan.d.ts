export * as blob from "./scan/blob.js";
export * as image from "./scan/image.js";
