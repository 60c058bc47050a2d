/**
 * Forms from the catalog, for hosts that draw them: `ghl-digistore24/form`. A new entry of the catalog has its form without a
 * line of host code.
 */
export { type Choice, type ChoiceOptions, loadChoices } from './form/choices.js';
export { type ChoiceSource, type Field, type FieldKind, formOf } from './form/field.js';
export { inputOf } from './form/values.js';
