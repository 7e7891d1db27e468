export * from "./getStatuses.defs.js";
export { main as default } from "./getStatuses.defs.js";
