import { l } from "@atproto/lex-schema";
declare const $nsid = "tools.harrier.bank.deleteContent";
type $nsid = typeof $nsid;
export { $nsid };
export declare const $params: l.ParamsSchema<{}>;
export type $Params = l.InferOutput<typeof $params>;
export declare const $input: l.Payload<"application/json", l.ObjectSchema<{
    bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    id: l.IntegerSchema;
}>>;
export type $Input<B = l.BinaryData> = l.InferPayload<typeof $input, B>;
export type $InputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $input, B>;
export declare const $output: l.Payload<"application/json", l.ObjectSchema<{}>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** Remove a content. Needs the scope admin. */
declare const main: l.Procedure<"tools.harrier.bank.deleteContent", l.ParamsSchema<{}>, l.Payload<"application/json", l.ObjectSchema<{
    bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    id: l.IntegerSchema;
}>>, l.Payload<"application/json", l.ObjectSchema<{}>>, readonly ["MissingScope", "BankNotFound", "ContentNotFound"]>;
export { main };
declare const $lxm = "tools.harrier.bank.deleteContent";
type $lxm = typeof $lxm;
export { $lxm };
