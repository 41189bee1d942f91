export { type DecodedObject, decodeObject, type FieldValidation } from './decode.ts';
export { base64Length, decodeBase64Text, encodeBase64Text } from './scalar-forms.ts';
