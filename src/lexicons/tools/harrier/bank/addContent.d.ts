export * from "./addContent.defs.js";
export { main as default } from "./addContent.defs.js";
