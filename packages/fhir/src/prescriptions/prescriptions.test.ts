import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isJsonObject, type JsonObject, readJson, toPlain, writeJson } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { objectsIn, textIn } from '../references.ts'
import { validateResource } from '../validate.ts'
import { readDispense, supplyKind, writeDispense } from './dispense.ts'
import { readOrder, writeOrder } from './order.ts'
import { businessStatus, cancellationCode, readTask, refusalCode, writeTask } from './task.ts'

/** Public messages and examples, when they lie beside the repository; tests that need them say so and skip. */
const folder = new URL('../../../../../shared/data/prescriptions/', import.meta.url)
const present = existsSync(folder)

function parse(bytes: Uint8Array): JsonObject {
  const read = readJson(bytes)
  if (!read.ok || !isJsonObject(read.value.value)) throw new Error('the example is no JSON object')
  return read.value.value
}

const example = (value: object) => parse(new TextEncoder().encode(JSON.stringify(value)))
const file = (path: string) => parse(new Uint8Array(readFileSync(new URL(path, folder))))
const resourcesIn = (path: string, type: string) =>
  objectsIn(file(path), 'entry').flatMap((entry) => {
    const resource = entry.get('resource')
    return isJsonObject(resource) && textIn(resource, 'resourceType') === type ? [resource] : []
  })

const rxnorm = 'http://www.nlm.nih.gov/research/umls/rxnorm'
const oxycodone = { system: rxnorm, code: '1049221', display: 'Oxycodone / Acetaminophen' }
const request = {
  resourceType: 'MedicationRequest',
  id: 'line-1',
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: { coding: [oxycodone] },
  subject: { reference: 'Patient/p-1' },
  requester: { reference: 'Practitioner/c-1' },
  authoredOn: '2026-11-21',
  dosageInstruction: [{ text: 'one tablet every six hours' }],
  dispenseRequest: {
    numberOfRepeatsAllowed: 0,
    quantity: { value: 30, code: '{tbl}', system: 'http://unitsofmeasure.org' },
  },
}
const answer = (changes: object) => {
  const read = readOrder(example({ ...request, ...changes }))
  return read.ok ? 'an order' : read.reason.type
}

describe('an order', () => {
  test('comes in with its drug, quantity, refills and directions, and goes out as valid FHIR that reads the same', () => {
    const read = readOrder(example(request))
    expect(read).toMatchObject({
      ok: true,
      value: { line: 'line-1', quantity: { count: 30, unit: '{tbl}' }, refills: 0, drug: [oxycodone] },
    })
    if (!read.ok) return
    const written = writeOrder(read.value, 'active')
    expect(validateResource(written).refused).toEqual([])
    expect(readOrder(parse(writeJson(written)))).toEqual(read)
  })

  test('is refused by what makes it none', () => {
    const quantity = (value: number) => ({ dispenseRequest: { quantity: { value, code: '{tbl}' } } })
    expect(answer({ resourceType: 'Task' })).toBe('not-a-medication-request')
    expect(answer({ intent: 'plan' })).toBe('not-an-order')
    expect(answer({ status: 'stopped' })).toBe('not-active')
    expect(answer({ medicationCodeableConcept: { text: 'a white pill' } })).toBe('drug-missing')
    expect(answer({ authoredOn: undefined })).toBe('issue-missing')
    expect(answer({ dispenseRequest: {} })).toBe('quantity-missing')
    for (const each of [0, -1, 0.5]) expect(answer(quantity(each))).toBe('quantity-not-whole')
    const refills = { dispenseRequest: { ...request.dispenseRequest, numberOfRepeatsAllowed: -1 } }
    expect(answer(refills)).toBe('refills-not-whole')
  })

  test.skipIf(!present)(
    'contained and referenced, a drug is the same; another code is another drug (needs ../shared/data)',
    () => {
      const axid = (name: string) => file(`us-core/MedicationRequest-medicationrequest-${name}-oral-axid.json`)
      const beside = new Map([['Medication/uscore-med2', file('us-core/Medication-uscore-med2.json')]])
      const codes = ['contained', 'referenced', 'coded'].map((name) => {
        const read = readOrder(axid(name), beside)
        return read.ok ? read.value.drug.map(({ code }) => code) : read.reason.type
      })
      expect(codes).toEqual([['582620'], ['582620'], ['476872']])
      expect(readOrder(axid('referenced'))).toMatchObject({ ok: false, reason: { type: 'drug-missing' } })
      expect(readOrder(file('us-core/MedicationRequest-self-tylenol.json'))).toMatchObject({
        reason: { type: 'not-an-order' },
      })
    },
  )

  test.skipIf(!present)('of England comes in too: four lines of one prescription (needs ../shared/data)', () => {
    const path = 'nhs-eps/prescribing/prescription-order/repeat-primary-example-req.json'
    const orders = resourcesIn(path, 'MedicationRequest').map((each) => readOrder(each))
    expect(orders.every(({ ok }) => ok)).toBe(true)
    expect(new Set(orders.map((each) => each.ok && each.value.group))).toEqual(new Set(['24F5DA-A83008-7EFE6Z']))
  })
})

describe('a dispense', () => {
  const said = {
    order: 'MedicationRequest/line-1',
    subject: 'Patient/p-1',
    drug: [oxycodone],
    quantity: { count: 20, system: 'http://unitsofmeasure.org', unit: '{tbl}', says: 'tablet' },
    kind: supplyKind(1, false),
    handedOverAt: '2026-11-21T15:00:00Z',
  } as const

  test('goes out as valid FHIR, and back in; what went back to stock counts as none', () => {
    const written = writeDispense({ ...said, reversed: false })
    expect(validateResource(written).refused).toEqual([])
    const { order, quantity, kind } = said
    expect(readDispense(written)).toMatchObject({ value: { counts: 'dispensed', kind, orders: [order], quantity } })
    expect(readDispense(writeDispense({ ...said, reversed: true }))).toMatchObject({ value: { counts: 'in-error' } })
  })

  test('is first or refill, whole or part', () => {
    expect([supplyKind(1, true), supplyKind(1, false), supplyKind(2, true), supplyKind(3, false)]).toEqual([
      ...['FFC', 'FFP', 'RFC', 'RFP'],
    ])
  })

  test('is refused by what makes it none', () => {
    const change = (changes: object) => {
      const base = toPlain(writeDispense({ ...said, reversed: false })) as object
      const read = readDispense(example({ ...base, ...changes }))
      return read.ok ? 'a dispense' : read.reason.type
    }
    expect(change({})).toBe('a dispense')
    expect(change({ resourceType: 'Task' })).toBe('not-a-medication-dispense')
    expect(change({ status: 'toString' })).toBe('status-unknown')
    expect(change({ medicationCodeableConcept: {} })).toBe('drug-missing')
    expect(change({ authorizingPrescription: [] })).toBe('order-missing')
  })

  test.skipIf(!present)(
    'counts as its status says: two of the eleven examples were said in error (needs ../shared/data)',
    () => {
      const names = readdirSync(new URL('fhir-r4/', folder)).filter((name) => name.startsWith('MedicationDispense'))
      const byCount: Record<string, string[]> = {}
      for (const name of names) {
        const read = readDispense(file(`fhir-r4/${name}`))
        const key = read.ok ? read.value.counts : read.reason.type
        byCount[key] = [...(byCount[key] ?? []), /disp(\d+)/.exec(name)?.[1] ?? '']
      }
      expect(byCount).toEqual({
        dispensed: ['0307', '0311', '0319'],
        'under-way': ['0301', '0303', '0315', '0321'],
        'not-dispensed': ['0313', '0317'],
        'in-error': ['0305', '0309'],
      })
    },
  )

  test.skipIf(!present)(
    'of England: status of the prescription, and of each line its kind and quantity (needs ../shared/data)',
    () => {
      const read = [1, 2, 3, 4, 5].map((number) =>
        resourcesIn(
          `nhs-eps/dispensing/dispense-notification/acute-primary-example-0${number}-req.json`,
          'MedicationDispense',
        ).map((each) => {
          const dispense = readDispense(each)
          if (!dispense.ok) return dispense.reason.type
          const { kind, quantity, prescriptionStatus } = dispense.value
          return `${prescriptionStatus} ${kind}/${quantity?.count}`
        }),
      )
      expect(read).toEqual([
        ['0003 0001/20', '0003 0001/20', '0003 0004/0', '0003 0005/0'],
        ['0003 0001/0', '0003 0001/0', '0003 0003/15', '0003 0005/0'],
        ['0006 0001/0', '0006 0001/0', '0006 0001/15', '0006 0005/0'],
        ['0006 0001/0', '0006 0001/0', '0006 0001/15', '0006 0005/0'],
        ['0007 0001/5', '0007 0001/28'],
      ])
    },
  )
})

describe('a task', () => {
  test('tells where a line stands, as valid FHIR', () => {
    const standings = ['available', 'filled', 'completed', 'not-dispensed', 'cancelled', 'expired'] as const
    const codes = [businessStatus('signed', false), businessStatus('held', false), businessStatus('held', true)]
    expect(codes).toEqual([undefined, '0002', '0003'])
    expect(standings.map((each) => businessStatus(each, false))).toEqual([
      '0001',
      '0006',
      '0008',
      '0007',
      '0005',
      '0004',
    ])
    for (const status of ['0001', '0002', '0003', '0004', '0005', '0006', '0007', '0008'] as const) {
      const written = writeTask({ order: 'MedicationRequest/line-1', subject: 'Patient/p-1', status })
      expect(validateResource(written).refused).toEqual([])
    }
    expect(readTask(writeTask({ order: 'MedicationRequest/l', subject: 'Patient/p', status: '0001' }))?.type).toBe(
      'other',
    )
    expect(readTask(example(request))).toBeUndefined()
  })

  test.skipIf(!present)(
    'of England returns a prescription, or withdraws what was said of it (needs ../shared/data)',
    () => {
      const asked = (of: string) => readTask(file(`nhs-eps/dispensing/${of}/acute-primary-example-req.json`))
      const group = '24F5DA-A83008-7EFE6Z'
      expect(asked('return')).toEqual({ type: 'return', reason: '0003', group })
      expect(asked('withdraw')).toEqual({ type: 'withdraw', reason: 'MU', group })
    },
  )

  test.skipIf(!present)('of England, refused: with another dispenser, not found (needs ../shared/data)', () => {
    const refused = (name: string) => refusalCode(file(`nhs-eps/errors/release/${name}-error.json`))
    expect(refused('with-another-dispenser')).toBe('PRESCRIPTION_WITH_ANOTHER_DISPENSER')
    expect(refused('not-found')).toBe('RESOURCE_NOT_FOUND')
  })

  test.skipIf(!present)('each answer to a cancellation is known by its code (needs ../shared/data)', () => {
    const folderOfAnswers = 'nhs-eps/errors/prescription-order-update'
    const names = readdirSync(new URL(folderOfAnswers, folder)).filter((name) => /^R-.*-Cancellation/.test(name))
    expect(names.length).toBe(11)
    for (const name of names) {
      const path = `${folderOfAnswers}/${name}`
      const lines = resourcesIn(path, 'MedicationRequest')
      const codes = (lines.length > 0 ? lines : [file(path)]).map(cancellationCode)
      expect([name, [...new Set(codes)]]).toEqual([name, [name.slice(0, 6)]])
    }
  })
})
