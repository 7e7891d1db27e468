import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.bank.listBanks";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $output: l.Payload<"application/json", l.ObjectSchema<{
    banks: l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.Bank, HarrierDefs.Bank>>>;
}>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** List all banks. Needs the scope admin. */
declare const main: l.Query<"tools.harrier.bank.listBanks", l.ParamsSchema<{}>, l.Payload<"application/json", l.ObjectSchema<{
    banks: l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.Bank, HarrierDefs.Bank>>>;
}>>, readonly ["MissingScope"]>;
export { main };
declare const $lxm = "tools.harrier.bank.listBanks";
type $lxm = typeof $lxm;
export { $lxm };
