/** What the words of a proposal mean, form by form; and a candidate's file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { keyOfSeed, sealMembersTransaction } from '@plexus/sdk'
import { afterAll, expect, test } from 'vitest'
import { actionOf } from './proposed-action.ts'
import type { Governance } from './signing.ts'

const folder = mkdtempSync(join(tmpdir(), 'plexus-proposed-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const parameters = { intentSecondsMax: 300, votesPerOwnerMax: 2 }
const state: Governance = {
  height: 7,
  time: 1_800_000_000,
  members: [],
  policy: { profile: 'us', version: 1, parameters },
  proposals: [],
  validators: [],
  versions: {},
  keys: [],
}
const key = 'ab'.repeat(32)

test.each([
  ['suspend alder', { type: 'suspend-member', member: 'alder' }],
  ['reinstate alder', { type: 'reinstate-member', member: 'alder' }],
  ['remove alder', { type: 'remove-member', member: 'alder', successor: null }],
  ['remove alder birch', { type: 'remove-member', member: 'alder', successor: 'birch' }],
  ['parameter intentSecondsMax 200', { type: 'set-parameters', parameters: { ...parameters, intentSecondsMax: 200 } }],
  ['profile opt-in', { type: 'set-profile', profile: 'opt-in' }],
  [
    `validator alder ${key} 10`,
    { type: 'set-validator', member: 'alder', key: new Uint8Array(32).fill(0xab), power: 10 },
  ],
  ['no-validator alder', { type: 'remove-validator', member: 'alder' }],
  ['activate notary 2 900', { type: 'activate-contract', contract: 'notary', version: 2, height: 900 }],
])('%s', (words, action) => {
  expect(actionOf(words.split(' '), state)).toEqual(action)
})

test.each([
  ['', 'cannot be proposed'],
  ['suspend', 'cannot be proposed'],
  ['suspend alder birch', 'cannot be proposed'],
  ['profile eu', 'cannot be proposed'],
  ['parameter constructor 1', 'no parameter constructor'],
  ['parameter intentSecondsMax 1e3', 'not a whole number'],
  ['parameter intentSecondsMax -1', 'not a whole number'],
  ['validator alder abc 10', '64 hexadecimal digits'],
])('“%s” is refused', (words, says) => {
  expect(() => actionOf(words.split(' '), state)).toThrow(says)
})

test("a candidate's file becomes an admission that its keys can sign", () => {
  const seeds = ['first', 'second'].map((_, index) => new Uint8Array(32).fill(index + 1))
  const keys = seeds.map((seed) => ({
    key: toHex(keyOfSeed(seed).key),
    scopes: ['governance', 'sponsor'],
    next: toHex(keyOfSeed(new Uint8Array(32).fill(9)).hash),
  }))
  const path = join(folder, 'candidate.json')
  const candidate = { member: 'fir', address: 'https://fir.example', sealingKey: '00'.repeat(1216), owner: 'fir', keys }
  writeFileSync(path, JSON.stringify(candidate))
  const action = actionOf(['admit', path], state)
  expect(action).toMatchObject({ type: 'admit-member', member: 'fir', validator: null })
  const by = { chain: new Uint8Array(32), sponsor: 'alder', nonce: new Uint8Array(16), validUntil: 1, seeds }
  expect(sealMembersTransaction({ type: 'propose', action }, by).length).toBeGreaterThan(1216)

  writeFileSync(path, JSON.stringify({ ...candidate, keys: 'none' }))
  expect(() => actionOf(['admit', path], state)).toThrow('does not describe a candidate')
  writeFileSync(path, JSON.stringify({ ...candidate, sealingKey: 'not hexadecimal' }))
  expect(() => actionOf(['admit', path], state)).toThrow('hexadecimal digits')
  expect(() => actionOf(['admit', join(folder, 'nobody.json')], state)).toThrow('There is no')
})
