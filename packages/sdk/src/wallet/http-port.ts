/** A wallet's way to nodes over HTTP, in a browser and in a terminal: what differs between them is the door that is handed in. */
import { decode, no, ok, parseBase64Url, parseHex, type Result, toBase64Url, toHex } from '@plexus/codec'
import { stateProof } from '@plexus/kernel'
import { noticePage } from '@plexus/policy'
import type { FetchLightBlock } from '../light/follow.ts'
import type { ShownState } from '../light/included.ts'
import { type FetchAnswers, readingSource } from '../light/kept-blocks.ts'
import type { NodePort, StepRefusal } from './client.ts'
import type { StateAnswers } from './read-state.ts'
import type { HandleStatus } from './recovery.ts'

/** One address with the members that answer there. Paths begin with `/v1`; every answer is bounded in time and size. */
export interface HttpDoor {
  /** The JSON that a good answer holds; whatever else comes is thrown in the application's own way. */
  must<Value>(path: string): Promise<Value>
  json<Value>(path: string, sent?: { readonly json?: object }): Promise<Result<Value, StepRefusal>>
  ask(path: string, sent: { readonly octets: Uint8Array }): Promise<Result<Uint8Array, StepRefusal>>
}

const pageBytesMax = 64 * 1024 * 1024

/** `sponsor`: the member that carries this wallet's steps to the ledger. */
export function httpPort({
  door,
  sponsor,
  now,
  pause,
}: {
  readonly door: HttpDoor
  readonly sponsor: string
  readonly now: NodePort['now']
  readonly pause: NodePort['pause']
}): NodePort {
  return {
    async sponsor() {
      const { member, key } = await door.must<{ readonly member: string; readonly key: string }>(
        memberPath(sponsor, '/sponsor'),
      )
      const read = parseHex(key)
      if (!read) throw new TypeError('a member answered with a key that is not hexadecimal')
      return { member, key: read }
    },
    async nodeOf(organisation) {
      const answer = await door.json<{ readonly member: string; readonly sealingKey: string }>(
        memberPath(sponsor, `/organisations/${encodeURIComponent(organisation)}`),
      )
      if (!answer.ok) return answer
      const sealingKey = parseBase64Url(answer.value.sealingKey)
      return sealingKey ? ok({ member: answer.value.member, sealingKey }) : no({ type: 'answer-malformed' })
    },
    submit(body, shares) {
      const named = shares.map(({ key, signature }) => ({ key: toBase64Url(key), signature: toBase64Url(signature) }))
      return door.json(memberPath(sponsor, '/envelopes'), { json: { body: toBase64Url(body), shares: named } })
    },
    async deliver(to, sealed) {
      const answer = await door.ask(memberPath(to, '/notes'), { octets: sealed })
      return answer.ok ? ok() : answer
    },
    async mail(keeper, request) {
      const answer = await door.ask(memberPath(keeper, '/mailbox'), { octets: request })
      if (!answer.ok) return answer
      const page = decode(noticePage, answer.value, pageBytesMax)
      return page.ok ? page : no({ type: 'page-malformed' })
    },
    now,
    pause,
  }
}

/** An organisation of the network, by its id and the name by which people know it. */
export interface KnownOrganisation {
  readonly organisation: string
  readonly name: string
  /** The member that answers for it now. */
  readonly member: string
  /** Whether it takes part. */
  readonly active: boolean
}

/** All organisations that were ever admitted, by id, as a member's replica has them. */
export async function organisationsAt(
  door: Pick<HttpDoor, 'must'>,
  member: string,
): Promise<readonly KnownOrganisation[]> {
  const found: KnownOrganisation[] = []
  for (let query = ''; ; ) {
    const page = await door.must<{
      readonly organisations: readonly KnownOrganisation[]
      readonly next: string | null
    }>(memberPath(member, `/organisations${query}`))
    found.push(...page.organisations)
    if (page.next === null) return found
    query = `?after=${encodeURIComponent(page.next)}`
  }
}

/** What a member's replica says of handles. That it knows none is an answer; that nobody answers is none. */
export function handlesAt(door: HttpDoor, member: string) {
  return async (handle: Uint8Array): Promise<Result<HandleStatus | undefined, StepRefusal>> => {
    const answer = await door.json<HandleStatus>(memberPath(member, `/handles/${toHex(handle)}`))
    if (answer.ok) return ok({ status: answer.value.status, closed: answer.value.closed })
    return answer.reason.type === 'handle-unknown' ? ok(undefined) : answer
  }
}

/** A member's blocks with the votes for them, as its engine answers. A door that does not answer has none. */
export function lightAnswers(door: HttpDoor, member: string): FetchAnswers {
  return async (height) => {
    const answer = await door.json<{ readonly commit: string; readonly validators: string }>(
      memberPath(member, `/ledger/light-blocks/${height}`),
    )
    const [commit, validators] = answer.ok
      ? [parseBase64Url(answer.value.commit), parseBase64Url(answer.value.validators)]
      : []
    return commit && validators ? { commit, validators } : undefined
  }
}

/** The same, read. */
export const lightSource = (door: HttpDoor, member: string): FetchLightBlock =>
  readingSource(lightAnswers(door, member))

/**
 * An entry of the state on which a block ran, the member's newest unless told: `height` is that block's. Nothing of it is believed
 * before `isStateUnder` has seen it under a verified header.
 */
export function stateSource(door: HttpDoor, member: string) {
  return async (
    key: string,
    height?: number,
  ): Promise<Result<ShownState & { readonly height: number }, StepRefusal>> => {
    const at = height === undefined ? '' : `&height=${height}`
    const answer = await door.json<
      Readonly<Record<'key' | 'proof' | 'stateRoot' | 'historyRoot', string>> & {
        readonly height: number
        readonly value: string | null
      }
    >(memberPath(member, `/ledger/entries?key=${encodeURIComponent(key)}${at}`))
    if (!answer.ok) return answer
    const { value: written } = answer.value
    const value = written === null ? null : parseBase64Url(written)
    const [stateRoot, historyRoot] = [parseHex(answer.value.stateRoot), parseHex(answer.value.historyRoot)]
    const proof = decode(stateProof, parseBase64Url(answer.value.proof) ?? new Uint8Array(0))
    if (value === undefined || !(stateRoot && historyRoot && proof.ok)) return no({ type: 'answer-malformed' })
    return ok({ height: answer.value.height, key: answer.value.key, value, proof: proof.value, stateRoot, historyRoot })
  }
}

/** The same and headers, for `stateReader`. */
export function stateAnswers(door: HttpDoor, member: string): StateAnswers {
  return {
    entry: stateSource(door, member),
    async header(height) {
      const answer = await door.json<{ readonly bytes: string }>(memberPath(member, `/ledger/headers/${height}`))
      return answer.ok ? parseBase64Url(answer.value.bytes) : undefined
    },
  }
}

/** Where a member's routes are. */
export const memberPath = (member: string, path: string): string => `/v1/members/${encodeURIComponent(member)}${path}`
