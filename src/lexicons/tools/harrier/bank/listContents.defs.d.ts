import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.bank.listContents";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{
    readonly bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    readonly limit: l.OptionalSchema<l.WithDefaultSchema<l.IntegerSchema>>;
    readonly cursor: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 20;
    }>>;
    readonly text: l.OptionalSchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 200;
    }>>;
    readonly isEnabled: l.OptionalSchema<l.BooleanSchema>;
}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $output: l.Payload<"application/json", l.ObjectSchema<{
    cursor: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 20;
    }>>;
    contents: l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.Content, HarrierDefs.Content>>>;
}>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** List the contents of a bank, by id. A page may have fewer contents than its limit, and still not be the last: the last has no cursor. Needs the scope admin. */
declare const main: l.Query<"tools.harrier.bank.listContents", l.ParamsSchema<{
    readonly bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    readonly limit: l.OptionalSchema<l.WithDefaultSchema<l.IntegerSchema>>;
    readonly cursor: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 20;
    }>>;
    readonly text: l.OptionalSchema<l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 200;
    }>>;
    readonly isEnabled: l.OptionalSchema<l.BooleanSchema>;
}>, l.Payload<"application/json", l.ObjectSchema<{
    cursor: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 20;
    }>>;
    contents: l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.Content, HarrierDefs.Content>>>;
}>>, readonly ["MissingScope", "BankNotFound"]>;
export { main };
declare const $lxm = "tools.harrier.bank.listContents";
type $lxm = typeof $lxm;
export { $lxm };
