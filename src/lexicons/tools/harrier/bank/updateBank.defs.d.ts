import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.bank.updateBank";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $input: l.Payload<"application/json", l.ObjectSchema<{
    bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    name: l.OptionalSchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>>;
    enabledRatio: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 40;
    }>>;
    threshold: l.OptionalSchema<l.IntegerSchema>;
    tiers: l.OptionalSchema<l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.Tier, HarrierDefs.Tier>>>>;
    suppresses: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>>>;
    suppressesAll: l.OptionalSchema<l.BooleanSchema>;
}>>;
export type $Input<B = l.BinaryData> = l.InferPayload<typeof $input, B>;
export type $InputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $input, B>;
export declare const $output: l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.Bank, HarrierDefs.Bank>>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** Change a bank: its name, how far it matches, its tiers, the share of images that it is matched for, or what it suppresses. Policies name banks: see to them after a change of name. Needs the scope admin. */
declare const main: l.Procedure<"tools.harrier.bank.updateBank", l.ParamsSchema<{}>, l.Payload<"application/json", l.ObjectSchema<{
    bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    name: l.OptionalSchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>>;
    enabledRatio: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 40;
    }>>;
    threshold: l.OptionalSchema<l.IntegerSchema>;
    tiers: l.OptionalSchema<l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.Tier, HarrierDefs.Tier>>>>;
    suppresses: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>>>;
    suppressesAll: l.OptionalSchema<l.BooleanSchema>;
}>>, l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.Bank, HarrierDefs.Bank>>>, readonly ["MissingScope", "BankNotFound", "BankExists", "InvalidBank", "InvalidChange"]>;
export { main };
declare const $lxm = "tools.harrier.bank.updateBank";
type $lxm = typeof $lxm;
export { $lxm };
