import face from 'face-of-the-catalog';
import { actionNode } from './action.js';

export const GhlDigistore24 = actionNode(
  {
    name: 'ghlDigistore24',
    displayName: 'HighLevel and Digistore24',
    description: 'Contacts, deals, notes and tasks in HighLevel; orders and buyers in Digistore24',
    services: ['ghl', 'digistore24'],
  },
  face,
);
