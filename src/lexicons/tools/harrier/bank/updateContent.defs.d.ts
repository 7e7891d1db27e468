import { l } from "@atproto/lex-schema";
import * as HarrierDefs from "../defs.defs.js";
declare const $nsid = "tools.harrier.bank.updateContent";
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
    isEnabled: l.OptionalSchema<l.BooleanSchema>;
    disabledUntil: l.OptionalSchema<l.StringSchema<{
        readonly format: "datetime";
    }>>;
    note: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 2000;
    }>>;
}>>;
export type $Input<B = l.BinaryData> = l.InferPayload<typeof $input, B>;
export type $InputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $input, B>;
export declare const $output: l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.Content, HarrierDefs.Content>>>;
export type $Output<B = l.BinaryData> = l.InferPayload<typeof $output, B>;
export type $OutputBody<B = l.BinaryData> = l.InferPayloadBody<typeof $output, B>;
/** Switch a content off or on, or change its note. One that is switched off matches nothing, from the answer on. Needs the scope admin. */
declare const main: l.Procedure<"tools.harrier.bank.updateContent", l.ParamsSchema<{}>, l.Payload<"application/json", l.ObjectSchema<{
    bank: l.StringSchema<{
        readonly minLength: 1;
        readonly maxLength: 255;
    }>;
    id: l.IntegerSchema;
    isEnabled: l.OptionalSchema<l.BooleanSchema>;
    disabledUntil: l.OptionalSchema<l.StringSchema<{
        readonly format: "datetime";
    }>>;
    note: l.OptionalSchema<l.StringSchema<{
        readonly maxLength: 2000;
    }>>;
}>>, l.Payload<"application/json", l.RefSchema<l.Validator<HarrierDefs.Content, HarrierDefs.Content>>>, readonly ["MissingScope", "BankNotFound", "ContentNotFound", "InvalidChange"]>;
export { main };
declare const $lxm = "tools.harrier.bank.updateContent";
type $lxm = typeof $lxm;
export { $lxm };
