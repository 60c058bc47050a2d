// A page.
import { createPlugin } from 'ghl-digistore24';
import { guest } from './guest.mjs';

window.answer = guest(createPlugin);
