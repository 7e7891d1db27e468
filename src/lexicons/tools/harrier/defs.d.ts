export * from "./defs.defs.js";
