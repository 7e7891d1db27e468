export * from "./createBank.defs.js";
export { main as default } from "./createBank.defs.js";
