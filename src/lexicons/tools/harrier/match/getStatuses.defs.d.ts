import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.match.getStatuses";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{
    readonly uris: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly format: "uri";
        readonly maxLength: 2048;
    }>>>;
    readonly cids: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly format: "cid";
    }>>>;
}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $output: l.Payload<"application/json", l.ObjectSchema<{
    statuses: l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.ContentStatus, HarrierDefs.ContentStatus>>>;
}>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** Ask the same about up to 100 records, accounts and blobs at once. Needs the scope match. */
declare const main: l.Query<"tools.harrier.match.getStatuses", l.ParamsSchema<{
    readonly uris: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly format: "uri";
        readonly maxLength: 2048;
    }>>>;
    readonly cids: l.OptionalSchema<l.ArraySchema<l.StringSchema<{
        readonly format: "cid";
    }>>>;
}>, l.Payload<"application/json", l.ObjectSchema<{
    statuses: l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.ContentStatus, HarrierDefs.ContentStatus>>>;
}>>, readonly ["MissingScope", "NoSubjects", "InvalidSubject", "InvalidCid"]>;
export { main };
declare const $lxm = "tools.harrier.match.getStatuses";
type $lxm = typeof $lxm;
export { $lxm };
