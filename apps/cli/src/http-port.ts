/** A wallet's way to nodes over HTTP. */
import { decode, no, ok, parseBase64Url, parseHex, toBase64Url } from '@plexus/codec'
import { noticePage } from '@plexus/policy'
import { type FetchLightBlock, type NodePort, readLightBlock } from '@plexus/sdk'
import type { NodeDoor } from './node-door.ts'
import { Refused } from './screen.ts'

const pageBytesMax = 64 * 1024 * 1024

/** `sponsor`: the member that carries this wallet's steps to the ledger. */
export function httpPort(door: NodeDoor, sponsor: string): NodePort {
  const member = (name: string, path: string): string => `/v1/members/${encodeURIComponent(name)}${path}`
  return {
    async sponsor() {
      const answer = await door.must<{ readonly member: string; readonly key: string }>(member(sponsor, '/sponsor'))
      return { member: answer.member, key: parseHex(answer.key) ?? notUnderstood() }
    },
    async nodeOf(organisation) {
      const answer = await door.json<{ readonly member: string; readonly sealingKey: string }>(
        member(sponsor, `/organisations/${encodeURIComponent(organisation)}`),
      )
      if (!answer.ok) return answer
      return ok({
        member: answer.value.member,
        sealingKey: parseBase64Url(answer.value.sealingKey) ?? notUnderstood(),
      })
    },
    submit(body, shares) {
      const named = shares.map(({ key, signature }) => ({ key: toBase64Url(key), signature: toBase64Url(signature) }))
      return door.json(member(sponsor, '/envelopes'), { json: { body: toBase64Url(body), shares: named } })
    },
    async deliver(to, sealed) {
      const answer = await door.ask(member(to, '/notes'), { octets: sealed })
      return answer.ok ? ok() : answer
    },
    async mail(keeper, request) {
      const answer = await door.ask(member(keeper, '/mailbox'), { octets: request })
      if (!answer.ok) return answer
      const page = decode(noticePage, answer.value, pageBytesMax)
      return page.ok ? page : no({ type: 'page-malformed' })
    },
    now: () => Date.now() / 1000,
    pause: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  }
}

/** A member's blocks with the votes for them. A door that does not answer has none. */
export function lightSource(door: NodeDoor, member: string): FetchLightBlock {
  return async (height) => {
    const answer = await door.json<{ readonly commit: string; readonly validators: string }>(
      `/v1/members/${encodeURIComponent(member)}/ledger/light-blocks/${height}`,
    )
    const [commit, validators] = answer.ok
      ? [parseBase64Url(answer.value.commit), parseBase64Url(answer.value.validators)]
      : []
    const read = commit && validators ? readLightBlock({ commit, validators }) : undefined
    return read?.ok ? read.value : undefined
  }
}

function notUnderstood(): never {
  throw new Refused('not-a-node', 'What answers there is no node of this version.', 'Check --node.')
}
