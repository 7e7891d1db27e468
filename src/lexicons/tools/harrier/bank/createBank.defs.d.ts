import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.bank.createBank";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $input: l.Payload<"application/json", l.ObjectSchema<{
    name: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    threshold: l.OptionalSchema<l.WithDefaultSchema<l.IntegerSchema>>;
    minQuality: l.OptionalSchema<l.WithDefaultSchema<l.IntegerSchema>>;
    profile: l.OptionalSchema<l.WithDefaultSchema<l.EnumSchema<"full-resolution" | "reference-512" | "unknown">>>;
    enabledRatio: l.OptionalSchema<l.WithDefaultSchema<l.StringSchema<{
        readonly maxLength: 40;
    }>>>;
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
/** Make a bank. Needs the scope admin. */
declare const main: l.Procedure<"tools.harrier.bank.createBank", l.ParamsSchema<{}>, l.Payload<"application/json", l.ObjectSchema<{
    name: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    threshold: l.OptionalSchema<l.WithDefaultSchema<l.IntegerSchema>>;
    minQuality: l.OptionalSchema<l.WithDefaultSchema<l.IntegerSchema>>;
    profile: l.OptionalSchema<l.WithDefaultSchema<l.EnumSchema<"full-resolution" | "reference-512" | "unknown">>>;
    enabledRatio: l.OptionalSchema<l.WithDefaultSchema<l.StringSchema<{
        readonly maxLength: 40;
    }>>>;
    tiers: l.OptionalSchema<l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.Tier, HarrierDefs.Tier>>>>;
    suppresses: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>>>;
    suppressesAll: l.OptionalSchema<l.BooleanSchema>;
}>>, l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.Bank, HarrierDefs.Bank>>>, readonly ["MissingScope", "BankExists", "InvalidBank"]>;
export { main };
declare const $lxm = "tools.harrier.bank.createBank";
type $lxm = typeof $lxm;
export { $lxm };
