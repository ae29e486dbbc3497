import { fileURLToPath } from 'node:url'
import { JsonNumber, type JsonObject, readJson } from '@plexus/codec'
import { readBundle, readSampleFile, validateResource } from '@plexus/fhir'
import { describe, expect, test } from 'vitest'
import type { ChartSource } from '../../wallet/own-record.ts'
import { chartBundle } from './chart-bundle.ts'

const madeAt = '2026-11-22T01:02:03.000Z'
const sample = fileURLToPath(
  new URL('../../../../../samples/c2d6ba8a-227f-d0e1-b1fa-dbc0580fe328.json.zst', import.meta.url),
)

const recordOf = (number: number): string => number.toString(16).padStart(32, '0')

function chart(
  custodian: string,
  resources: readonly JsonObject[],
  state?: ChartSource['source']['state'],
): ChartSource {
  const entries = resources.map((value, index) => ({
    record: recordOf(index + 1),
    version: 1,
    replaces: null,
    committedAt: 7,
    dispute: null,
    verified: true as const,
    value,
  }))
  const count = entries.length
  return {
    name: custodian,
    facts: [],
    source: { custodian, state: state ?? { type: 'complete', height: 9, count, of: count }, entries },
  }
}

const observation = (id: string, value: string): JsonObject =>
  new Map<string, string | JsonObject>([
    ['resourceType', 'Observation'],
    ['id', id],
    ['status', 'final'],
    ['code', new Map([['text', 'Weight']])],
    [
      'valueQuantity',
      new Map<string, string | JsonNumber>([
        ['value', new JsonNumber(value)],
        ['unit', 'kg'],
      ]),
    ],
  ])

function read(bytes: Uint8Array): JsonObject {
  const document = readJson(bytes)
  if (!document.ok) throw new Error('the bundle is no JSON')
  return document.value.value as JsonObject
}

describe('the whole record as one file', () => {
  test('is a bundle of FHIR R4, with every resource of a sample as it came', async () => {
    const resources: JsonObject[] = []
    for await (const part of readSampleFile(sample))
      if (part.ok) resources.push(...part.value.entries.map(({ value }) => value))
    const half = Math.floor(resources.length / 2)
    const bytes = chartBundle(
      [chart('hospital-1', resources.slice(0, half)), chart('hospital-2', resources.slice(half))],
      madeAt,
    )
    expect(validateResource(read(bytes))).toEqual({ refused: [], warnings: [] })
    const again = readBundle(bytes)
    if (!again.ok) throw new Error('the bundle was refused')
    expect(again.value.refused).toEqual([])
    expect(again.value.entries.map(({ value }) => value)).toEqual(resources)
  })

  test('keeps numbers to the last digit, and names no two entries alike', () => {
    const same = '00000000-0000-4000-8000-000000000001'
    const bytes = chartBundle(
      [
        chart('hospital-1', [observation(same, '70.10')]),
        chart('hospital-2', [observation(same, '70.1'), observation('weight', '7')]),
      ],
      madeAt,
    )
    const text = new TextDecoder().decode(bytes)
    expect(text).toContain('"value":70.10,')
    const names = [...text.matchAll(/"fullUrl":"([^"]+)"/g)].map(([, name]) => name)
    expect(new Set(names).size).toBe(3)
    expect(names[0]).toBe(`urn:uuid:${same}`)
    expect(validateResource(read(bytes))).toEqual({ refused: [], warnings: [] })
  })

  test('says what is missing, source by source', () => {
    const bytes = chartBundle(
      [
        chart('hospital-1', [observation('a', '1')], {
          type: 'part',
          height: 9,
          count: 1,
          of: 3,
          reasons: ['segment-closed'],
        }),
        chart('hospital-2', [], { type: 'unavailable', code: 'offline' }),
      ],
      madeAt,
    )
    const text = new TextDecoder().decode(bytes)
    expect(text).toContain('hospital-1: 2 records are left out')
    expect(text).toContain('hospital-2: did not answer')
    expect(validateResource(read(bytes))).toEqual({ refused: [], warnings: [] })
  })

  test('of nothing is a bundle all the same', () => {
    expect(validateResource(read(chartBundle([], madeAt))).refused).toEqual([])
  })
})
