import { l } from "@atproto/lex-schema";
declare const $nsid = "tools.harrier.defs";
type $nsid = typeof $nsid;
export { $nsid };
/** One fingerprint of one image. */
type ImageHash = {
    $type?: "tools.harrier.defs#imageHash";
    /**
     * What kind of fingerprint: pdq is perceptual, the others are digests of the bytes.
     */
    "type": "pdq" | "md5" | "sha1" | "sha256" | l.UnknownString;
    /**
     * Lower-case hex digits: 64 of PDQ and SHA-256, 40 of SHA-1, 32 of MD5.
     */
    "value": string;
    /**
     * Of PDQ: its own judgement of how much detail it saw. Below 50 it says little.
     */
    "quality"?: number;
    /**
     * Of PDQ: which of the two PDQs it is.
     */
    "profile"?: "reference-512" | "full-resolution" | l.UnknownString;
};
export type { ImageHash };
/** One fingerprint of one image. */
declare const imageHash: l.TypedObjectSchema<"tools.harrier.defs#imageHash", l.Validator<ImageHash, ImageHash>>;
export { imageHash };
/** What decoding told of an image. */
type ImageFacts = {
    $type?: "tools.harrier.defs#imageFacts";
    /**
     * The format of the bytes, whatever they were declared as.
     */
    "format": "jpeg" | "png" | "webp" | "gif" | "avif" | "tiff" | l.UnknownString;
    /**
     * Pixels, as stored.
     */
    "width": number;
    /**
     * Pixels, as stored.
     */
    "height": number;
    /**
     * Bytes.
     */
    "size": number;
};
export type { ImageFacts };
/** What decoding told of an image. */
declare const imageFacts: l.TypedObjectSchema<"tools.harrier.defs#imageFacts", l.Validator<ImageFacts, ImageFacts>>;
export { imageFacts };
/** A content of a bank that an image or a hash is, or is close to. */
type Match = {
    $type?: "tools.harrier.defs#match";
    /**
     * The bank.
     */
    "bank": string;
    /**
     * The content of the bank, by its number.
     */
    "contentId": number;
    /**
     * Which fingerprint matched.
     */
    "hashType": "pdq" | "md5" | "sha1" | "sha256" | l.UnknownString;
    /**
     * The stored hash that matched; empty when the content was removed in the meantime.
     */
    "hashValue": string;
    /**
     * Bits that differ; 0 for a digest, which is equal.
     */
    "distance": number;
    /**
     * The tier of the bank that the distance falls in, by name.
     */
    "tier"?: string;
    /**
     * Of PDQ: which hasher made the stored hash.
     */
    "profile"?: "reference-512" | "full-resolution" | "unknown" | l.UnknownString;
    /**
     * Of PDQ: which look at the image matched, such as original, oriented, on-white or frame-2.
     */
    "look"?: string;
    /**
     * How the source of the bank classifies the content.
     */
    "label"?: string;
    /**
     * What the source of the bank calls the content.
     */
    "sourceId"?: string;
};
export type { Match };
/** A content of a bank that an image or a hash is, or is close to. */
declare const match: l.TypedObjectSchema<"tools.harrier.defs#match", l.Validator<Match, Match>>;
export { match };
/** What was found out about an image. */
type ScanResult = {
    $type?: "tools.harrier.defs#scanResult";
    /**
     * The CID that the bytes have as a blob, on every account.
     */
    "cid": l.CidString;
    /**
     * matched: a bank has it, or what is close to it. clear: it was hashed, and none has. unscannable: it could not be decoded, so that only its digests were looked up, and none is known.
     */
    "outcome": "matched" | "clear" | "unscannable" | l.UnknownString;
    /**
     * Why the bytes could not be decoded.
     */
    "reason"?: "empty" | "unsupported-format" | "format-refused" | "too-many-pixels" | "too-much-memory" | "corrupt" | l.UnknownString;
    /**
     * True when the bytes were not decoded for this answer: what was found out about them before was enough.
     */
    "isKnown": boolean;
    "image"?: ImageFacts;
    /**
     * PDQ at the stored pixels first, then digests. Of a blob that matched by its CID, the SHA-256 alone.
     */
    "hashes": (ImageHash)[];
    /**
     * Nearest first, at most 100. Matching goes by every look at the image, turned or laid on white too, as the service is set up.
     */
    "matches": (Match)[];
};
export type { ScanResult };
/** What was found out about an image. */
declare const scanResult: l.TypedObjectSchema<"tools.harrier.defs#scanResult", l.Validator<ScanResult, ScanResult>>;
export { scanResult };
/** What is known of a record, an account or a blob. It has the uri or the cid that was asked about. */
type ContentStatus = {
    $type?: "tools.harrier.defs#contentStatus";
    /**
     * The record or the account that was asked about.
     */
    "uri"?: l.UriString;
    /**
     * The blob that was asked about.
     */
    "cid"?: l.CidString;
    /**
     * False when the service remembers nothing of that name.
     */
    "isKnown": boolean;
    /**
     * True when it has matched a bank, and no person has withdrawn that.
     */
    "isMatched": boolean;
    /**
     * What was done about it last.
     */
    "action"?: "label" | "takedown" | "review" | "log" | l.UnknownString;
    /**
     * The labels of this service that hold.
     */
    "labels": (string)[];
    /**
     * When this was looked up.
     */
    "checkedAt": l.DatetimeString;
};
export type { ContentStatus };
/** What is known of a record, an account or a blob. It has the uri or the cid that was asked about. */
declare const contentStatus: l.TypedObjectSchema<"tools.harrier.defs#contentStatus", l.Validator<ContentStatus, ContentStatus>>;
export { contentStatus };
/** A collection of known content, and how it is matched. */
type Bank = {
    $type?: "tools.harrier.defs#bank";
    /**
     * Unique.
     */
    "name": string;
    /**
     * The greatest PDQ distance that is a match, in bits.
     */
    "threshold": number;
    /**
     * The least PDQ quality of an image that is compared.
     */
    "minQuality": number;
    /**
     * Which hasher made its PDQ hashes; an image is compared with them in kind.
     */
    "profile": "reference-512" | "full-resolution" | "unknown" | l.UnknownString;
    /**
     * The share of images that it is matched for: a decimal from 0 to 1, such as 0.25.
     */
    "enabledRatio": string;
    /**
     * Named parts of the threshold, nearest first, by which a policy can go.
     */
    "tiers": (Tier)[];
    /**
     * Of a negative bank: the banks whose matches its contents suppress.
     */
    "suppresses"?: (string)[];
    /**
     * Of a negative bank: true when it suppresses matches of every bank.
     */
    "suppressesAll"?: boolean;
    /**
     * When it was made.
     */
    "createdAt": l.DatetimeString;
};
export type { Bank };
/** A collection of known content, and how it is matched. */
declare const bank: l.TypedObjectSchema<"tools.harrier.defs#bank", l.Validator<Bank, Bank>>;
export { bank };
/** A part of a bank's threshold. */
type Tier = {
    $type?: "tools.harrier.defs#tier";
    /**
     * What a policy calls it.
     */
    "name": string;
    /**
     * The greatest PDQ distance that it takes in, in bits.
     */
    "distance": number;
};
export type { Tier };
/** A part of a bank's threshold. */
declare const tier: l.TypedObjectSchema<"tools.harrier.defs#tier", l.Validator<Tier, Tier>>;
export { tier };
/** A hash of a content of a bank. */
type ContentHash = {
    $type?: "tools.harrier.defs#contentHash";
    /**
     * What kind of hash.
     */
    "type": "pdq" | "md5" | "sha1" | "sha256";
    /**
     * Hex digits: 64 of PDQ and SHA-256, 40 of SHA-1, 32 of MD5.
     */
    "value": string;
    /**
     * Of PDQ: 0 to 100. 100 unless told.
     */
    "quality"?: number;
};
export type { ContentHash };
/** A hash of a content of a bank. */
declare const contentHash: l.TypedObjectSchema<"tools.harrier.defs#contentHash", l.Validator<ContentHash, ContentHash>>;
export { contentHash };
/** One item of known content. */
type Content = {
    $type?: "tools.harrier.defs#content";
    /**
     * Its number, which no other content of any bank has.
     */
    "id": number;
    /**
     * The bank that it is in.
     */
    "bank": string;
    /**
     * At most one of each type.
     */
    "hashes": (ContentHash)[];
    /**
     * False while it matches nothing.
     */
    "isEnabled": boolean;
    /**
     * When it is matched again; left out of one that is enabled, or disabled for good.
     */
    "disabledUntil"?: l.DatetimeString;
    /**
     * How its source classifies it.
     */
    "label"?: string;
    /**
     * What people wrote about it.
     */
    "note"?: string;
    /**
     * What its source calls it, in at most 200 characters.
     */
    "sourceId"?: string;
    /**
     * Where the media was fetched from.
     */
    "mediaUri"?: string;
    /**
     * What refers to it in the system of whoever added it.
     */
    "contentUri"?: string;
    /**
     * Anything else: the text of a JSON object, whose numbers may be of any kind.
     */
    "metadata"?: string;
    /**
     * When it was added.
     */
    "createdAt": l.DatetimeString;
};
export type { Content };
/** One item of known content. */
declare const content: l.TypedObjectSchema<"tools.harrier.defs#content", l.Validator<Content, Content>>;
export { content };
