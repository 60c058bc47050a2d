import type { Purchase } from '../digistore24/data.js';

/** Digistore24's share of a gross amount, per cent. */
const PROVIDER_PERCENT = 7.9;

/** How a gross amount (cents) is divided. */
export interface Split {
  gross: number;
  vat: number;
  net: number;
  provider: number;
  affiliate: number;
  vendor: number;
}

/** Divides a gross amount of a purchase between the state, Digistore24, affiliate and vendor. */
export function split(purchase: Purchase, gross: number): Split {
  const vat = Math.round((gross * purchase.vatRate) / (100 + purchase.vatRate));
  const net = gross - vat;
  const provider = Math.round((gross * PROVIDER_PERCENT) / 100);
  const affiliate = Math.round(((net - provider) * purchase.affiliatePercent) / 100);
  return { gross, vat, net, provider, affiliate, vendor: net - provider - affiliate };
}

/** What the vendor earns of a gross amount. */
export function vendorShare(purchase: Purchase, gross: number): number {
  return split(purchase, gross).vendor;
}
