export * from "./hash.defs.js";
export { main as default } from "./hash.defs.js";
