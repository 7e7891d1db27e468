import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.bank.addContent";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $input: l.Payload<"application/json", l.ObjectSchema<{
    bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    hashes: l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.ContentHash, HarrierDefs.ContentHash>>>;
    note: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 2000;
    }>>;
    sourceId: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 800;
    }>>;
    contentUri: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 2048;
    }>>;
    metadata: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 16384;
    }>>;
}>>;
export type $Input<B = l.BinaryData> = l.InferPayload<typeof $input, B>;
export type $InputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $input, B>;
export declare const $output: l.Payload<"application/json", l.ObjectSchema<{
    content: l.RefSchema<l.Validator<HarrierDefs.Content, HarrierDefs.Content>>;
    isNew: l.BooleanSchema;
}>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** Add content to a bank by its hashes. When the bank has all of them, the content that has the first is meant, and what is told of it is told of that. Needs the scope admin. */
declare const main: l.Procedure<"tools.harrier.bank.addContent", l.ParamsSchema<{}>, l.Payload<"application/json", l.ObjectSchema<{
    bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    hashes: l.ArraySchema<l.RefSchema<l.Validator<HarrierDefs.ContentHash, HarrierDefs.ContentHash>>>;
    note: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 2000;
    }>>;
    sourceId: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 800;
    }>>;
    contentUri: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 2048;
    }>>;
    metadata: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 16384;
    }>>;
}>>, l.Payload<"application/json", l.ObjectSchema<{
    content: l.RefSchema<l.Validator<HarrierDefs.Content, HarrierDefs.Content>>;
    isNew: l.BooleanSchema;
}>>, readonly ["MissingScope", "BankNotFound", "InvalidHash", "InvalidContent"]>;
export { main };
declare const $lxm = "tools.harrier.bank.addContent";
type $lxm = typeof $lxm;
export { $lxm };
