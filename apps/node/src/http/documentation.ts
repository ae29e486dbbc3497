/** What the OpenAPI document says of the doors as a whole. */
export const documentation = {
  openapi: '3.1.0',
  info: {
    title: 'Plexus node',
    version: '1',
    description:
      'Doors of a member for wallets, for its own staff, and to look at its replica of the ledger. Refusals are problem details (RFC 9457) with stable codes.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  tags: [
    { name: 'wallet', description: 'For wallets. Each request proves itself; nobody signs in.' },
    { name: 'sign-in', description: 'How the member’s people sign in, with a passkey.' },
    { name: 'staff', description: 'For the member’s own staff, with the member’s bearer token.' },
    {
      name: 'submit',
      description:
        'Envelopes that carry all their signatures, and the events that follow, for the member’s own programs, with its bearer token.',
    },
    {
      name: 'epcis',
      description:
        'What trading partners say about goods: the capture and query interfaces of EPCIS 2.0, for the member’s own staff and programs.',
    },
    { name: 'ledger', description: 'The member’s own replica.' },
    { name: 'operation', description: 'Health, metrics, and what runs here.' },
  ],
  components: { securitySchemes: { staff: { type: 'http', scheme: 'bearer' } } },
} as const
