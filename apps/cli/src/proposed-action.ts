/** What a person wants to put to the vote, from the words of the command line. */
import { existsSync, readFileSync } from 'node:fs'
import { parseHex } from '@plexus/codec'
import type { AskedAdmission, MembersAction } from '@plexus/sdk'
import { Refused } from './screen.ts'
import type { Governance } from './signing.ts'

/** What may be proposed, as it is written. */
export const proposable = [
  'suspend MEMBER',
  'reinstate MEMBER',
  'remove MEMBER [SUCCESSOR]',
  'parameter NAME NUMBER',
  'profile us|opt-in',
  'validator MEMBER KEY POWER',
  'no-validator MEMBER',
  'activate CONTRACT VERSION HEIGHT',
  'admit FILE',
] as const

type Admission = Extract<MembersAction, { readonly type: 'admit-member' }>

/** `state` gives what stays as it is: a vote sets all parameters at once. */
export function actionOf([what = '', ...words]: readonly string[], state: Governance): MembersAction {
  const [first = '', second = '', third = ''] = words
  switch (`${what} ${words.length}`) {
    case 'suspend 1':
      return { type: 'suspend-member', member: first }
    case 'reinstate 1':
      return { type: 'reinstate-member', member: first }
    case 'remove 1':
      return { type: 'remove-member', member: first, successor: null }
    case 'remove 2':
      return { type: 'remove-member', member: first, successor: second }
    case 'parameter 2':
      return { type: 'set-parameters', parameters: parametersWith(state, first, second) }
    case 'profile 1':
      if (first === 'us' || first === 'opt-in') return { type: 'set-profile', profile: first }
      throw misunderstood()
    case 'validator 3':
      return { type: 'set-validator', member: first, key: keyIn(second), power: numberIn(third) }
    case 'no-validator 1':
      return { type: 'remove-validator', member: first }
    case 'activate 3':
      return { type: 'activate-contract', contract: first, version: numberIn(second), height: numberIn(third) }
    case 'admit 1':
      return admissionIn(first)
    default:
      throw misunderstood()
  }
}

type Parameters = Extract<MembersAction, { readonly type: 'set-parameters' }>['parameters']

function parametersWith({ policy }: Governance, name: string, value: string): Parameters {
  if (!Object.hasOwn(policy.parameters, name))
    throw new Refused(
      'parameter-unknown',
      `There is no parameter ${name}.`,
      `There are ${Object.keys(policy.parameters).sort().join(', ')}.`,
    )
  // The names are those that the ledger has: its schema checks them once more when it is encoded.
  return { ...policy.parameters, [name]: numberIn(value) } as Parameters
}

/** A candidate's own file: the fields of `admit-member` in JSON, with bytes in hexadecimal. */
function admissionIn(path: string): MembersAction {
  if (!existsSync(path)) throw new Refused('file-missing', `There is no ${path}.`, 'Check the path.')
  try {
    const read = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>
    const { member, address, engineAddress = null, sealingKey, owner, keys, validator = null } = read
    return {
      type: 'admit-member',
      member: String(member),
      address: String(address),
      engineAddress: engineAddress === null ? null : String(engineAddress),
      sealingKey: bytesIn(sealingKey),
      owner: String(owner),
      keys: (keys as readonly Readonly<Record<string, unknown>>[])
        .map(({ key, scopes, next }) => ({ key: bytesIn(key), scopes, next: bytesIn(next) }))
        .sort((a, b) => Buffer.compare(a.key, b.key)) as Admission['keys'],
      validator:
        validator === null
          ? null
          : {
              key: bytesIn((validator as { readonly key?: unknown }).key),
              power: Number((validator as { readonly power?: unknown }).power),
            },
    }
  } catch (error) {
    if (error instanceof Refused) throw error
    throw new Refused(
      'candidate-malformed',
      `${path} does not describe a candidate.`,
      'docs/guides/govern-a-network.md shows the form.',
    )
  }
}

/** The request of a candidate that `network join` wrote; undefined for a file that only describes one. */
export function askedAdmissionIn(path = ''): AskedAdmission | undefined {
  if (!existsSync(path)) return undefined
  try {
    const { asked } = JSON.parse(readFileSync(path, 'utf8')) as { readonly asked?: Readonly<Record<string, unknown>> }
    if (asked === undefined) return undefined
    const shares = asked['shares'] as readonly Readonly<Record<string, unknown>>[]
    return {
      body: bytesIn(asked['body']),
      shares: shares.map(({ key, signature }) => ({ key: bytesIn(key), signature: bytesIn(signature) })),
    }
  } catch {
    throw new Refused(
      'candidate-malformed',
      `${path} is no request to be admitted.`,
      '`plexus network join` writes one, and says until when it is good.',
    )
  }
}

export function keyIn(text: string): Uint8Array {
  const key = parseHex(text)
  if (key?.length === 32) return key
  throw new Refused('key-malformed', 'A key is 64 hexadecimal digits.', 'Check the key.')
}

function bytesIn(value: unknown): Uint8Array {
  const read = typeof value === 'string' ? parseHex(value) : undefined
  if (read) return read
  throw new Refused('key-malformed', 'Keys are texts of hexadecimal digits.', 'Check the file.')
}

function numberIn(text: string): number {
  if (/^(?:0|[1-9]\d{0,14})$/.test(text)) return Number(text)
  throw new Refused('number-malformed', `${text} is not a whole number.`, 'Give decimal digits.')
}

function misunderstood(): Refused {
  return new Refused('action-unknown', 'That cannot be proposed.', `What can be: ${proposable.join(' · ')}.`)
}
