export * from "./getContent.defs.js";
export { main as default } from "./getContent.defs.js";
