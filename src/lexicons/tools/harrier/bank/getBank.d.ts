export * from "./getBank.defs.js";
export { main as default } from "./getBank.defs.js";
