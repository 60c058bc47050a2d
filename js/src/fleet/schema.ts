/**
 * What the options of a fleet look like. The published `fleet.schema.json` is this with the parts of the plugin's own options in
 * `$defs`; here those are left to the core, which checks each location's options as a whole.
 */
const TEXT = { type: 'string', minLength: 1 } as const;
const ID = { type: ['string', 'integer'] } as const;
/** One, or a list of which one is enough. */
const SOME = { anyOf: [ID, { type: 'array', minItems: 1, items: ID }] } as const;
const MAPPING = { type: ['string', 'object'], description: 'The name of one of the mappings, or a mapping.' } as const;

export const FLEET_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['connections'],
  properties: {
    connections: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'highlevel'],
        properties: {
          id: { ...TEXT, maxLength: 64, description: 'Stands in addresses and at the start of every store key.' },
          token: {
            ...TEXT,
            'x-secret': true,
            description: 'Ends the addresses of the connection’s webhooks: 16 letters, digits, - and _ or more.',
          },
          digistore24: { type: 'object', $ref: '#/$defs/digistore24' },
          highlevel: {
            type: 'array',
            minItems: 1,
            description: 'The locations that the vendor sells into.',
            items: { type: 'object', required: ['locationId'], $ref: '#/$defs/highlevel' },
          },
          routes: {
            type: 'array',
            minItems: 1,
            description: 'Which orders belong to which location: the first that holds. Needed where there are several.',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['location'],
              properties: {
                when: {
                  type: 'object',
                  additionalProperties: false,
                  description: 'All of these must hold for one item of the order.',
                  properties: { product_ids: SOME, merchant_id: SOME, language: SOME, tag: SOME },
                },
                if: { type: ['object', 'array'], description: 'A condition as in a mapping; must hold as well.' },
                location: TEXT,
                mapping: MAPPING,
              },
            },
          },
        },
      },
    },
    mappings: { type: 'object', additionalProperties: { type: 'object' }, description: 'Mappings by name.' },
    mapping: { ...MAPPING, description: 'Of all locations whose routes name no other.' },
    liveAfter: { $ref: '#/$defs/liveAfter' },
    keepDays: { $ref: '#/$defs/keepDays' },
    reconcileEveryHours: { $ref: '#/$defs/reconcileEveryHours' },
    settleSeconds: { $ref: '#/$defs/settleSeconds' },
    backgroundShare: { $ref: '#/$defs/backgroundShare' },
    exclusive: { $ref: '#/$defs/exclusive' },
  },
} as const;
