export * as bank from "./harrier/bank.js";
export * as match from "./harrier/match.js";
export * as scan from "./harrier/scan.js";
export * as defs from "./harrier/defs.js";
