import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.bank.getContent";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{
    readonly bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    readonly id: l.IntegerSchema;
}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $output: l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.Content, HarrierDefs.Content>>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** Get a content of a bank. Needs the scope admin. */
declare const main: l.Query<"tools.harrier.bank.getContent", l.ParamsSchema<{
    readonly bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    readonly id: l.IntegerSchema;
}>, l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.Content, HarrierDefs.Content>>>, readonly ["MissingScope", "BankNotFound", "ContentNotFound"]>;
export { main };
declare const $lxm = "tools.harrier.bank.getContent";
type $lxm = typeof $lxm;
export { $lxm };
