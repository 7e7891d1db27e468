import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.scan.blob";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $input: l.Payload<"application/json", l.ObjectSchema<{
    did: l.StringSchema<{
        readonly format: "did";
    }>;
    cid: l.StringSchema<{
        readonly format: "cid";
    }>;
    banks: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>>>;
    maxDistance: l.OptionalSchema<l.IntegerSchema>;
}>>;
export type $Input<B = l.BinaryData> = l.InferPayload<typeof $input, B>;
export type $InputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $input, B>;
export declare const $output: l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.ScanResult, HarrierDefs.ScanResult>>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** Fetch a blob from the host of an account, hash it, and look it up in the banks. What is known of the CID already is answered without a download. Needs the scopes hash and match. */
declare const main: l.Procedure<"tools.harrier.scan.blob", l.ParamsSchema<{}>, l.Payload<"application/json", l.ObjectSchema<{
    did: l.StringSchema<{
        readonly format: "did";
    }>;
    cid: l.StringSchema<{
        readonly format: "cid";
    }>;
    banks: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>>>;
    maxDistance: l.OptionalSchema<l.IntegerSchema>;
}>>, l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.ScanResult, HarrierDefs.ScanResult>>>, readonly ["MissingScope", "InvalidCid", "AccountNotFound", "AccountInactive", "BlobNotFound", "BlobTooLarge", "CidMismatch", "HostRefused", "HostFailed", "BankNotFound", "DistanceTooFar"]>;
export { main };
declare const $lxm = "tools.harrier.scan.blob";
type $lxm = typeof $lxm;
export { $lxm };
