/** A set of validators as a whole. */
import { compareBytes, toHex } from '@plexus/codec'
import { totalPowerMax, type Validator, validatorsMax } from './light-block.ts'
import { addressOf } from './light-hashes.ts'

/** Why this is no set of validators, or undefined: none, one without power, one twice, too much power together. */
export function setFault(validators: readonly Validator[]): string | undefined {
  if (validators.length === 0 || validators.length > validatorsMax) return `1 to ${validatorsMax} validators`
  if (validators.some(({ power }) => power <= 0n)) return 'validators with power'
  if (new Set(validators.map(({ address }) => toHex(address))).size < validators.length) return 'each validator once'
  return powerOf(validators) > totalPowerMax ? `a power of at most ${totalPowerMax} together` : undefined
}

export function powerOf(validators: readonly Validator[]): bigint {
  return validators.reduce((sum, { power }) => sum + power, 0n)
}

export function validatorSetOf(
  keys: readonly { readonly key: Uint8Array; readonly power: bigint }[],
): readonly Validator[] {
  return keys.map(({ key, power }) => ({ address: addressOf(key), key, power })).toSorted(inOrder)
}

/** CometBFT's order (`ValidatorsByVotingPower`): the most powerful first, equals by address. */
export function inOrder(a: Validator, b: Validator): number {
  return a.power === b.power ? compareBytes(a.address, b.address) : a.power > b.power ? -1 : 1
}
