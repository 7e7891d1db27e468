export * from "./deleteBank.defs.js";
export { main as default } from "./deleteBank.defs.js";
