export { type DecodedObject, decodeObject, type FieldValidation } from './decode.ts';
export { validateLabelSelector } from './label-selectors.ts';
export { validateMetadata, validateMetadataUpdate } from './metadata.ts';
export { nameCheckOf } from './object-names.ts';
export { validateCreate, validateStatusUpdate, validateSubresourceUpdate, validateUpdate } from './validate.ts';
