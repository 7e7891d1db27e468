import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.match.getStatus";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{
    readonly uri: l.OptionalSchema<l.StringSchema<{
        readonly format: "uri";
        readonly maxLength: 2048;
    }>>;
    readonly cid: l.OptionalSchema<l.StringSchema<{
        readonly format: "cid";
    }>>;
    readonly did: l.OptionalSchema<l.StringSchema<{
        readonly format: "did";
    }>>;
}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $output: l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.ContentStatus, HarrierDefs.ContentStatus>>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** Ask whether a record, an account or a blob has matched, for whoever is to show it. Nothing is fetched. Needs the scope match. */
declare const main: l.Query<"tools.harrier.match.getStatus", l.ParamsSchema<{
    readonly uri: l.OptionalSchema<l.StringSchema<{
        readonly format: "uri";
        readonly maxLength: 2048;
    }>>;
    readonly cid: l.OptionalSchema<l.StringSchema<{
        readonly format: "cid";
    }>>;
    readonly did: l.OptionalSchema<l.StringSchema<{
        readonly format: "did";
    }>>;
}>, l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.ContentStatus, HarrierDefs.ContentStatus>>>, readonly ["MissingScope", "InvalidSubject", "InvalidCid"]>;
export { main };
declare const $lxm = "tools.harrier.match.getStatus";
type $lxm = typeof $lxm;
export { $lxm };
