export * from "./getStatus.defs.js";
export { main as default } from "./getStatus.defs.js";
