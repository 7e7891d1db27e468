import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.bank.getBank";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{
    readonly bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $output: l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.Bank, HarrierDefs.Bank>>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** Get a bank. Needs the scope admin. */
declare const main: l.Query<"tools.harrier.bank.getBank", l.ParamsSchema<{
    readonly bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
}>, l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.Bank, HarrierDefs.Bank>>>, readonly ["MissingScope", "BankNotFound"]>;
export { main };
declare const $lxm = "tools.harrier.bank.getBank";
type $lxm = typeof $lxm;
export { $lxm };
