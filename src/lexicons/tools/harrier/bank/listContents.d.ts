export * from "./listContents.defs.js";
export { main as default } from "./listContents.defs.js";
