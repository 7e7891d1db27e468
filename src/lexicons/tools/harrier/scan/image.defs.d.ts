import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.scan.image";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{
    readonly banks: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>>>;
    readonly maxDistance: l.OptionalSchema<l.IntegerSchema>;
}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $input: l.Payload<"*/*", undefined>;
export type $Input<B = l.BinaryData> = l.InferPayload<typeof $input, B>;
export type $InputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $input, B>;
export declare const $output: l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.ScanResult, HarrierDefs.ScanResult>>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** Hash an image, and look it up in the banks. The body is the image. It is decoded in a confined process and not kept. Needs the scopes hash and match. */
declare const main: l.Procedure<"tools.harrier.scan.image", l.ParamsSchema<{
    readonly banks: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>>>;
    readonly maxDistance: l.OptionalSchema<l.IntegerSchema>;
}>, l.Payload<"*/*", undefined>, l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.ScanResult, HarrierDefs.ScanResult>>>, readonly ["MissingScope", "PayloadTooLarge", "BankNotFound", "DistanceTooFar"]>;
export { main };
declare const $lxm = "tools.harrier.scan.image";
type $lxm = typeof $lxm;
export { $lxm };
