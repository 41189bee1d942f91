export { type DecodedObject, decodeObject, type FieldValidation } from './decode.ts';
export { validateCreate, validateStatusUpdate, validateSubresourceUpdate, validateUpdate } from './validate.ts';
