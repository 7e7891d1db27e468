export * from "./deleteContent.defs.js";
export { main as default } from "./deleteContent.defs.js";
