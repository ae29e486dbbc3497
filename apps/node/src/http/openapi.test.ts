import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorld, type World } from './world.testing.ts'

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly security?: readonly unknown[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: object }>> }
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: object }>>
}

let world: World
let document: {
  readonly openapi: string
  readonly info: { readonly title?: string; readonly version?: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly securitySchemes: object }
}
const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )

beforeAll(async () => {
  world = await startWorld()
  document = (await (await fetch(`${world.url}/openapi.json`)).json()) as typeof document
})
afterAll(() => world.close())

test('the document is OpenAPI 3.1 and lists every route that is registered', () => {
  expect(document.openapi).toBe('3.1.0')
  expect(document.info).toMatchObject({ title: 'Plexus node', version: '1' })
  const listed = operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`)
  const registered = world.app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => /^.*?(?:\/|\*)\S* \((.*)\)$/.exec(line)?.[1]?.split(', ') ?? [])
  expect(listed).toHaveLength(registered.length)
  expect([...listed].sort()).toMatchInlineSnapshot(`
    [
      "DELETE /v1/members/{member}/epcis/{partner}/queries/{name}",
      "GET /health/live",
      "GET /health/ready",
      "GET /metrics",
      "GET /openapi.json",
      "GET /problems/{code}",
      "GET /v1/chain",
      "GET /v1/members",
      "GET /v1/members/{member}/asks/{ask}",
      "GET /v1/members/{member}/asks/{ask}/view",
      "GET /v1/members/{member}/cases",
      "GET /v1/members/{member}/charts/{patient}",
      "GET /v1/members/{member}/checkpoints/tile/{level}/{*}",
      "GET /v1/members/{member}/checkpoints/{file}",
      "GET /v1/members/{member}/corrections",
      "GET /v1/members/{member}/epcis/{partner}/capture",
      "GET /v1/members/{member}/epcis/{partner}/capture/{job}",
      "GET /v1/members/{member}/epcis/{partner}/events",
      "GET /v1/members/{member}/epcis/{partner}/events/{event}",
      "GET /v1/members/{member}/epcis/{partner}/queries",
      "GET /v1/members/{member}/epcis/{partner}/queries/{name}",
      "GET /v1/members/{member}/epcis/{partner}/queries/{name}/events",
      "GET /v1/members/{member}/handles/{handle}",
      "GET /v1/members/{member}/ledger",
      "GET /v1/members/{member}/ledger/blocks/{height}",
      "GET /v1/members/{member}/ledger/blocks/{height}/envelopes/{index}",
      "GET /v1/members/{member}/ledger/entries",
      "GET /v1/members/{member}/ledger/events",
      "GET /v1/members/{member}/ledger/events/stream",
      "GET /v1/members/{member}/ledger/governance",
      "GET /v1/members/{member}/ledger/headers/{height}",
      "GET /v1/members/{member}/ledger/light-blocks/{height}",
      "GET /v1/members/{member}/ledger/stream",
      "GET /v1/members/{member}/organisations",
      "GET /v1/members/{member}/organisations/{organisation}",
      "GET /v1/members/{member}/prescriptions",
      "GET /v1/members/{member}/prescriptions/{handle}",
      "GET /v1/members/{member}/prescriptions/{handle}/fhir",
      "GET /v1/members/{member}/rebates",
      "GET /v1/members/{member}/rebates/{terms}",
      "GET /v1/members/{member}/rebates/{terms}/audit",
      "GET /v1/members/{member}/recovery",
      "GET /v1/members/{member}/reviews",
      "GET /v1/members/{member}/sponsor",
      "GET /v1/members/{member}/supply/agreements",
      "GET /v1/members/{member}/supply/alerts",
      "GET /v1/members/{member}/supply/holdings",
      "GET /v1/members/{member}/supply/keys",
      "GET /v1/members/{member}/supply/lots/{lot}/trace",
      "GET /v1/members/{member}/supply/scans/{scan}",
      "GET /v1/members/{member}/supply/shipments",
      "GET /v1/members/{member}/supply/things",
      "GET /v1/members/{member}/visits/{visit}",
      "POST /v1/members/{member}/cases/{case}/answer",
      "POST /v1/members/{member}/charts/{patient}/enrolment-code",
      "POST /v1/members/{member}/charts/{patient}/own-staff-read",
      "POST /v1/members/{member}/charts/{patient}/records/{source}/entered-in-error",
      "POST /v1/members/{member}/checkpoints/cosignatures",
      "POST /v1/members/{member}/corrections/{correction}/acknowledge",
      "POST /v1/members/{member}/envelopes",
      "POST /v1/members/{member}/epcis/{partner}/capture",
      "POST /v1/members/{member}/epcis/{partner}/events",
      "POST /v1/members/{member}/epcis/{partner}/queries",
      "POST /v1/members/{member}/ledger/transactions",
      "POST /v1/members/{member}/ledger/transactions/batch",
      "POST /v1/members/{member}/mailbox",
      "POST /v1/members/{member}/notes",
      "POST /v1/members/{member}/own-record",
      "POST /v1/members/{member}/passkeys",
      "POST /v1/members/{member}/passkeys/begin",
      "POST /v1/members/{member}/passkeys/link",
      "POST /v1/members/{member}/patients/search",
      "POST /v1/members/{member}/prescriptions",
      "POST /v1/members/{member}/prescriptions/fhir",
      "POST /v1/members/{member}/prescriptions/{handle}/cancel",
      "POST /v1/members/{member}/prescriptions/{handle}/claim",
      "POST /v1/members/{member}/prescriptions/{handle}/complete",
      "POST /v1/members/{member}/prescriptions/{handle}/expire",
      "POST /v1/members/{member}/prescriptions/{handle}/fill",
      "POST /v1/members/{member}/prescriptions/{handle}/nominate",
      "POST /v1/members/{member}/prescriptions/{handle}/not-dispensed",
      "POST /v1/members/{member}/prescriptions/{handle}/return",
      "POST /v1/members/{member}/prescriptions/{handle}/reverse",
      "POST /v1/members/{member}/prescriptions/{handle}/transfer",
      "POST /v1/members/{member}/rebates",
      "POST /v1/members/{member}/rebates/accruals/{accrual}/amount",
      "POST /v1/members/{member}/rebates/accruals/{accrual}/approve",
      "POST /v1/members/{member}/rebates/accruals/{accrual}/displace",
      "POST /v1/members/{member}/rebates/accruals/{accrual}/dispute",
      "POST /v1/members/{member}/rebates/fills",
      "POST /v1/members/{member}/rebates/fills/{tag}/reverse",
      "POST /v1/members/{member}/rebates/prices",
      "POST /v1/members/{member}/rebates/{terms}/accruals",
      "POST /v1/members/{member}/rebates/{terms}/settle",
      "POST /v1/members/{member}/rebates/{terms}/sign",
      "POST /v1/members/{member}/rebates/{terms}/versions",
      "POST /v1/members/{member}/recovery/acknowledge",
      "POST /v1/members/{member}/reviews/{review}/answer",
      "POST /v1/members/{member}/sign-in",
      "POST /v1/members/{member}/sign-in/begin",
      "POST /v1/members/{member}/sign-out",
      "POST /v1/members/{member}/supply/agreements/{agreement}/agree",
      "POST /v1/members/{member}/supply/agreements/{agreement}/decline",
      "POST /v1/members/{member}/supply/clearances",
      "POST /v1/members/{member}/supply/dispensings",
      "POST /v1/members/{member}/supply/dispensings/{dispensing}/return",
      "POST /v1/members/{member}/supply/endings",
      "POST /v1/members/{member}/supply/grants",
      "POST /v1/members/{member}/supply/keys",
      "POST /v1/members/{member}/supply/lots",
      "POST /v1/members/{member}/supply/lots/{lot}/proofs",
      "POST /v1/members/{member}/supply/pack",
      "POST /v1/members/{member}/supply/quarantines",
      "POST /v1/members/{member}/supply/recalls",
      "POST /v1/members/{member}/supply/scans",
      "POST /v1/members/{member}/supply/scans/{scan}/notified",
      "POST /v1/members/{member}/supply/scans/{scan}/suspect",
      "POST /v1/members/{member}/supply/shipments",
      "POST /v1/members/{member}/supply/shipments/{shipment}/receive",
      "POST /v1/members/{member}/supply/shipments/{shipment}/resolve",
      "POST /v1/members/{member}/supply/shipments/{shipment}/withdraw",
      "POST /v1/members/{member}/supply/unpack",
      "POST /v1/members/{member}/supply/verifications",
      "POST /v1/members/{member}/visits",
      "POST /v1/members/{member}/visits/{visit}/ask",
    ]
  `)
})

test('each operation has a name of its own, a summary, a tag, and answers with descriptions', () => {
  const names = operations().map(({ operation }) => operation.operationId)
  expect(new Set(names).size).toBe(names.length)
  for (const { path, operation } of operations()) {
    expect([path, typeof operation.operationId, typeof operation.summary]).toEqual([path, 'string', 'string'])
    expect(operation.tags).toHaveLength(1)
    expect(Object.values(operation.responses).filter(({ description }) => !description)).toEqual([])
  }
})

test('each placeholder of a path is a required parameter, and no other is in the path', () => {
  for (const { path, operation } of operations()) {
    const placeholders = [...path.matchAll(/\{([a-z]+|\*)\}/g)].map(([, name]) => name)
    const parameters = (operation.parameters ?? []).filter((each) => each.in === 'path')
    expect(parameters.map(({ name }) => name).sort()).toEqual(placeholders.sort())
    expect(parameters.every(({ required }) => required === true)).toBe(true)
  }
})

test('routes of the staff and of its programs, and no others, ask for the bearer token', () => {
  expect(document.components.securitySchemes).toEqual({ staff: { type: 'http', scheme: 'bearer' } })
  for (const { path, operation } of operations())
    expect([path, operation.security]).toEqual([
      path,
      ['epcis', 'staff', 'submit'].includes(operation.tags?.[0] ?? '') ? [{ staff: [] }] : undefined,
    ])
})

test('bodies are described with their one media type, documents of partners with those of their standard, and unknown fields are refused', () => {
  const bodies = operations().flatMap(({ operation }) => (operation.requestBody ? [operation.requestBody.content] : []))
  expect(bodies.length).toBeGreaterThan(5)
  for (const content of bodies) {
    const [[media, { schema }] = ['', { schema: {} }], ...more] = Object.entries(content)
    if (more.length > 0) {
      const epcis = ['application/json', 'application/ld+json', 'application/xml', 'text/xml']
      expect([epcis, epcis.slice(0, 2), ['application/fhir+json', 'application/json']]).toContainEqual(
        Object.keys(content),
      )
      continue
    }
    if (media === 'application/json') expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
    else {
      expect(['application/cbor', 'application/octet-stream']).toContain(media)
      expect(schema).toMatchObject({ type: 'string', format: 'binary' })
    }
  }
})

test('no reference in the document leads nowhere', () => {
  expect(JSON.stringify(document)).not.toContain('"$ref"')
})
