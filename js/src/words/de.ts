/**
 * German: `ghl-digistore24/words/de`. Neutral, as user interfaces write: nobody is addressed. The services' own words are those
 * of their German interfaces.
 */
import type { Words } from '../words.js';
import { descriptions } from './de/descriptions.js';
import { fields } from './de/fields.js';
import { help } from './de/help.js';
import { options } from './de/options.js';
import { resources } from './de/resources.js';
import { titles } from './de/titles.js';

/** The words of all entries of the tier `core`. */
export const de: Words = { language: 'de', resources, titles, descriptions, fields, help, options };
