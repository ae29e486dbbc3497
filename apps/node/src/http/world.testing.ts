/** Three members in one process with their doors open on 127.0.0.1: a hospital with a chart, a clinic that asks, a board. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { utf8 } from '@plexus/codec'
import { practitioners } from '@plexus/contracts'
import { publicKeyOf, systemRandom } from '@plexus/crypto'
import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'
import { Directory } from '../directory.ts'
import type { Founding } from '../founding.ts'
import { Network } from '../network.ts'
import { createApi } from './api.ts'
import { createLogger } from './log.ts'
import { createMetrics } from './metrics.ts'
import { staffToken } from './staff-token.ts'

export const hospital = 'hospital'
export const clinic = 'clinic'
export const board = 'state-board'
export const patient = 'chart-0001'
export const npi = '1234567893'
export const problemSource = 'Condition/c1'

const founding = {
  name: 'test',
  members: [hospital, clinic, board],
  board,
  engine: { type: 'local' as const, sequencer: board },
}
const wallClock = (): number => Date.now() / 1000
const yearSeconds = 31_557_600

export interface World {
  readonly network: Network
  readonly app: FastifyInstance
  readonly data: string
  readonly url: string
  readonly tokens: Readonly<Record<string, string>>
  /** All that was logged so far. */
  readonly logged: () => string
  readonly close: () => Promise<void>
}

/** `parameters`: of the policy, where they are not the default's. `now`: the members' clock, where a test moves it. */
export async function startWorld(parameters: Founding['parameters'] = {}, now = wallClock): Promise<World> {
  const data = mkdtempSync(join(tmpdir(), 'plexus-http-'))
  const metrics = createMetrics()
  const failures: unknown[] = []
  const started = await Network.start({
    data,
    founding: { ...founding, parameters },
    random: systemRandom,
    now,
    onFailure: (_, error) => failures.push(error),
    observe: metrics.observe,
    measures: metrics,
  })
  if (!started.ok) throw new Error(`the network did not start: ${started.reason.type}`)
  const network = started.value
  const directory = Directory.open(data)
  directory.add({ source: 'organisation-1', name: 'General Hospital', id: hospital, member: hospital })
  await employClinician(network)
  await network.node(hospital).exchange.run(({ custody }) => custody.register(hospital, patient, chart))
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const app = await createApi({ network, directory, logger: createLogger(sink), random: systemRandom, now, metrics })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const tokens = Object.fromEntries(
    founding.members.map((member) => [member, staffToken(network.node(member).layout, systemRandom)]),
  )
  return {
    network,
    app,
    data,
    url,
    tokens,
    logged: () => lines.join(''),
    async close() {
      await app.close()
      await network.close()
      rmSync(data, { recursive: true, force: true })
      if (failures.length > 0) throw failures[0]
    },
  }
}

const chart = [
  {
    resourceType: 'Condition',
    id: 'c1',
    clinicalStatus: { coding: [{ code: 'active' }] },
    code: { coding: [{ system: 'http://snomed.info/sct', code: '38341003' }], text: 'Hypertension' },
    subject: { reference: 'Patient/p' },
  },
  {
    resourceType: 'MedicationRequest',
    id: 'm1',
    status: 'active',
    intent: 'order',
    medicationCodeableConcept: {
      coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '316672' }],
      text: 'Simvastatin 10 MG',
    },
    subject: { reference: 'Patient/p' },
  },
].map((resource) => ({
  source: `${resource.resourceType}/${resource.id}`,
  segment: 'general' as const,
  resourceType: resource.resourceType,
  codes: [],
  contentType: 'application/fhir+json',
  bytes: utf8(JSON.stringify(resource)),
  enteredInError: false,
}))

async function employClinician(network: Network): Promise<void> {
  const key = publicKeyOf(network.node(clinic).clinicianSeed(npi))
  const pharmacistKey = publicKeyOf(network.node(hospital).clinicianSeed(npi))
  const validUntil = Math.floor(wallClock()) + yearSeconds
  const steps = [
    [board, { type: 'attest-licence' as const, npi, jurisdiction: 'MA', validUntil }],
    [clinic, { type: 'attest-role' as const, npi, organisation: clinic, role: 'physician', key }],
    // A pharmacist at the hospital's pharmacy, whose NPI is the pharmacy's too.
    [hospital, { type: 'attest-role' as const, npi, organisation: hospital, role: 'pharmacist', key: pharmacistKey }],
  ] as const
  for (const [member, transaction] of steps) {
    const answer = await network.submit(member, practitioners, transaction)
    if (!answer.ok || answer.value.outcome.code !== 0) throw new Error(`the ledger refused ${transaction.type}`)
  }
}

/** A refusal as the doors give it: problem details (RFC 9457), and never a trace of our code. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly text: string
  readonly document: Readonly<Record<string, unknown>>
}

export async function refused(address: string, init: RequestInit & { readonly token?: string } = {}): Promise<Refusal> {
  const headers = new Headers(init.headers)
  if (init.token !== undefined) headers.set('authorization', `Bearer ${init.token}`)
  const response = await fetch(address, { ...init, headers })
  const text = await response.text()
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(text).not.toMatch(/\bat .*\.(?:ts|js)|node_modules|stack/)
  const document = JSON.parse(text)
  expect(document).toMatchObject({ status: response.status, type: `/problems/${document.code}` })
  return { status: response.status, code: document.code, text, document }
}
