export * from "./updateContent.defs.js";
export { main as default } from "./updateContent.defs.js";
