export * from "./updateBank.defs.js";
export { main as default } from "./updateBank.defs.js";
