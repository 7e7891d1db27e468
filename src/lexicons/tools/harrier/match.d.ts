export * as getStatus from "./match/getStatus.js";
export * as getStatuses from "./match/getStatuses.js";
export * as hash from "./match/hash.js";
