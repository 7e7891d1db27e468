export * from "./listBanks.defs.js";
export { main as default } from "./listBanks.defs.js";
