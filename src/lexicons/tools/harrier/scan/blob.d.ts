export * from "./blob.defs.js";
export { main as default } from "./blob.defs.js";
