export * from "./image.defs.js";
export { main as default } from "./image.defs.js";
