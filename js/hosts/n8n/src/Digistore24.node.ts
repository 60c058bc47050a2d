import face from 'face-of-the-catalog';
import { actionNode } from './action.js';

export const Digistore24 = actionNode(
  {
    name: 'digistore24',
    displayName: 'Digistore24',
    description: 'Orders, buyers, products, vouchers, licences and payments in Digistore24',
    services: ['digistore24'],
  },
  face,
);
