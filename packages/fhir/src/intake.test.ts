import { expect, test } from 'vitest'
import { bytesOf, readOrThrow } from './charts.testing.ts'
import { takeIn } from './intake.ts'

test('every entry of a bundle is stored or refused with a reason, and a bad one takes no good one with it', () => {
  const resources = [
    '{"resource":{"resourceType":"Patient","id":"p","gender":"unheard-of"}}',
    '{"resource":{"resourceType":"Observation","id":"ok","status":"final","code":{"text":"a"},"subject":{"reference":"Patient/p"}}}',
    '{"resource":{"resourceType":"Observation","id":"no-code","status":"final","subject":{"reference":"Patient/p"}}}',
    '{"resource":{"resourceType":"Observation","id":"other","status":"final","code":{"text":"a"},"subject":{"reference":"Patient/q"}}}',
    '{"request":{"method":"DELETE","url":"Observation/gone"}}',
  ]
  const intake = takeIn(
    readOrThrow(bytesOf(`{"resourceType":"Bundle","type":"history","entry":[${resources.join(',')}]}`)),
  )
  expect(intake.read).toBe(5)
  expect(intake.attributed.map(({ id }) => id)).toEqual(['p', 'ok'])
  expect(intake.refused.map(({ where, type, path }) => [where, type, path])).toEqual([
    ['entry[4]', 'no-resource', 'Bundle.entry.resource'],
    ['entry[2]', 'not-valid', 'Observation.code'],
    ['entry[3]', 'another-patient', 'Observation.subject'],
  ])
  expect(intake.warnings).toMatchObject([{ where: 'entry[0]', path: 'Patient.gender' }])
})
