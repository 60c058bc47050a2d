import type { Buyer, Product } from '../digistore24/data.js';
import type { Ids } from '../ids.js';

/** What a story says of a buyer; the rest is invented. */
export type BuyerInput = Partial<Buyer>;

/** What a story says of a product; the rest is invented. */
export type ProductInput = Partial<Product>;

type Person = Pick<
  Buyer,
  'firstName' | 'lastName' | 'salutation' | 'streetName' | 'streetNumber' | 'zipcode' | 'city' | 'country' | 'phone'
> &
  Partial<Buyer>;

const PEOPLE: Person[] = [
  {
    firstName: 'Jürgen',
    lastName: 'Weißmüller',
    salutation: 'M',
    streetName: 'Ährenweg',
    streetNumber: '7a',
    zipcode: '10115',
    city: 'Berlin',
    country: 'DE',
    phone: '+49 30 23125 001',
  },
  {
    firstName: 'Anna',
    lastName: 'Sample',
    salutation: 'F',
    streetName: 'Main Street',
    streetNumber: '200',
    zipcode: '80331',
    city: 'Munich',
    country: 'DE',
    phone: '',
    company: 'Sample Studio GmbH',
    taxId: 'DE000000000',
  },
  {
    firstName: 'Zoë',
    lastName: 'Käslin',
    salutation: 'F',
    streetName: 'Seestrasse',
    streetNumber: '12',
    zipcode: '8002',
    city: 'Zürich',
    country: 'CH',
    phone: '044 000 00 00',
  },
  {
    firstName: 'Franz',
    lastName: 'Österreicher',
    salutation: 'M',
    title: 'Dr.',
    streetName: 'Schönbrunner Straße',
    streetNumber: '5',
    zipcode: '1050',
    city: 'Wien',
    country: 'AT',
    phone: '+43 1 00000001',
  },
  {
    firstName: 'Sam',
    lastName: "O'Example",
    salutation: '',
    streetName: 'East 20th Street',
    streetNumber: '200',
    zipcode: '10003',
    city: 'New York',
    state: 'NY',
    country: 'US',
    phone: '+1 202 555 0107',
    language: 'en',
  },
];

const COUNTRIES: Record<string, string> = {
  DE: 'Deutschland',
  AT: 'Österreich',
  CH: 'Schweiz',
  US: 'USA',
};

const PRODUCTS: Pick<Product, 'name' | 'price' | 'tags'>[] = [
  { name: 'Videokurs Grundlagen', price: 4900, tags: ['kurs-grundlagen'] },
  { name: 'Workbook', price: 1900, tags: [] },
  { name: 'Masterclass für Könner', price: 29700, tags: ['masterclass', 'VIP'] },
];

/** The next invented person, with what the story says of them. */
export function inventBuyer(ids: Ids, input: BuyerInput, createdAt: string): Buyer {
  const no = ids.number('buyer', 0);
  const person = PEOPLE[no % PEOPLE.length] as Person;
  const country = input.country ?? person.country;
  return {
    id: String(333_001 + no),
    addressId: String(12_345_001 + no),
    email: `buyer${no + 1}@example.com`,
    title: '',
    company: '',
    street2: '',
    state: '',
    taxId: '',
    language: 'de',
    createdAt,
    ...person,
    countryName: COUNTRIES[country] ?? country,
    ...input,
  };
}

/** The next invented product, with what the story says of it. */
export function inventProduct(ids: Ids, input: ProductInput): Product {
  const no = ids.number('product', 0);
  const model = PRODUCTS[no % PRODUCTS.length] as Product;
  return {
    ...model,
    id: String(512_001 + no),
    language: 'de',
    deliveryType: 'digital',
    ...input,
  };
}
