export * as harrier from "./tools/harrier.js";
