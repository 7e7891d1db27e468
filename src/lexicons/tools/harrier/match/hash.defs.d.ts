import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.match.hash";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $input: l.Payload<"application/json", l.ObjectSchema<{
    type: l.OptionalSchema<l.WithDefaultSchema<l.EnumSchema<"md5" | "pdq" | "sha1" | "sha256">>>;
    value: l.StringSchema<{
        readonly maxLength: 64;
    }>;
    banks: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>>>;
    maxDistance: l.OptionalSchema<l.IntegerSchema>;
}>>;
export type $Input<B = l.BinaryData> = l.InferPayload<typeof $input, B>;
export type $InputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $input, B>;
export declare const $output: l.Payload<"application/json", l.ObjectSchema<{
    matches: l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.Match, HarrierDefs.Match>>>;
}>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** Look up a hash in the banks. A procedure, so that no hash stands in an address, which proxies log. Needs the scope match. */
declare const main: l.Procedure<"tools.harrier.match.hash", l.ParamsSchema<{}>, l.Payload<"application/json", l.ObjectSchema<{
    type: l.OptionalSchema<l.WithDefaultSchema<l.EnumSchema<"md5" | "pdq" | "sha1" | "sha256">>>;
    value: l.StringSchema<{
        readonly maxLength: 64;
    }>;
    banks: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>>>;
    maxDistance: l.OptionalSchema<l.IntegerSchema>;
}>>, l.Payload<"application/json", l.ObjectSchema<{
    matches: l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.Match, HarrierDefs.Match>>>;
}>>, readonly ["MissingScope", "InvalidHash", "BankNotFound", "DistanceTooFar"]>;
export { main };
declare const $lxm = "tools.harrier.match.hash";
type $lxm = typeof $lxm;
export { $lxm };
