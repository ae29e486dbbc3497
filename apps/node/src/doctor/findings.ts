/** All that can be found wrong with a node, each with what to do. One table: what is not in it, nobody looks for. */
import type { ProbeRefusal } from '@plexus/peers'

type Plain<Type extends string> = { readonly type: Type }
type OfPeer<Type extends string> = { readonly type: Type; readonly peer: string }

export type Finding =
  | Plain<'genesis-malformed' | 'genesis-missing' | 'member-folder-missing' | 'node-not-running'>
  | { readonly type: 'disk-full' | 'disk-nearly-full'; readonly freeBytes: number }
  | { readonly type: 'layout-wrong'; readonly where: string; readonly what: string }
  | { readonly type: 'secret-missing' | 'successor-beside'; readonly name: string }
  | { readonly type: 'ledger-does-not-open'; readonly fault: string }
  | { readonly type: 'checkpoints-missing'; readonly block: number }
  | { readonly type: 'fork-stands'; readonly file: string }
  | Plain<'member-unknown' | 'sealing-key-differs' | 'transport-key-not-registered'>
  | { readonly type: 'member-not-active'; readonly status: string }
  | { readonly type: 'signing-key-not-active' | 'transport-key-not-active'; readonly status: string }
  | { readonly type: 'signing-key-old' | 'transport-key-old'; readonly days: number }
  | { readonly type: 'clock-behind-block'; readonly seconds: number }
  | { readonly type: 'clock-differs'; readonly seconds: number }
  | { readonly type: 'block-old'; readonly seconds: number }
  | { readonly type: 'address-malformed'; readonly address: string }
  | Plain<'address-local'>
  | { readonly type: 'own-address-not-reached'; readonly refusal: ProbeRefusal['type'] }
  | Plain<
      'engine-address-missing' | 'engine-key-differs' | 'engine-watches' | 'seat-key-differs' | 'seat-key-misbehaved'
    >
  | { readonly type: 'behind-peers'; readonly blocks: number }
  | OfPeer<
      | 'peer-address-malformed'
      | 'peer-handshake-failed'
      | 'peer-not-letting-in'
      | 'peer-of-another-chain'
      | 'peer-other-key'
      | 'peer-status-malformed'
      | 'peer-timed-out'
      | 'peer-unreachable'
      | 'peer-unresolved'
      | 'peer-seated-though-misbehaved'
      | 'peer-without-key'
    >
  | { readonly type: 'peer-of-another-version'; readonly peer: string; readonly version: string }

interface Meaning<Of extends Finding> {
  /** `wrong`: the node cannot do its work, or soon will not. `watch`: it can, and somebody should know. */
  readonly weight: 'watch' | 'wrong'
  readonly says: (finding: Of) => string
  readonly advice: string
}

export type Meanings = { readonly [Type in Finding['type']]: Meaning<Extract<Finding, { readonly type: Type }>> }

export const meanings: Meanings = {
  'genesis-missing': {
    weight: 'wrong',
    says: () => 'genesis.cbor is not there.',
    advice: 'Give the folder that holds it with --data, or copy it from another member and compare its hash.',
  },
  'genesis-malformed': {
    weight: 'wrong',
    says: () => 'genesis.cbor is not a genesis document.',
    advice: 'Copy it from another member and compare its hash.',
  },
  'member-folder-missing': {
    weight: 'wrong',
    says: () => 'The member has no folder there.',
    advice: 'Check --data and --member, or restore the member from its backup.',
  },
  'node-not-running': {
    weight: 'watch',
    says: () => 'No node has the directory open.',
    advice: 'Start it; until then others do not reach it.',
  },
  'disk-full': {
    weight: 'wrong',
    says: ({ freeBytes }) => `${gibibytes(freeBytes)} are left on the disk of the member.`,
    advice: 'Make room at once: docs/guides/runbooks/disk-nearly-full.md.',
  },
  'disk-nearly-full': {
    weight: 'watch',
    says: ({ freeBytes }) => `${gibibytes(freeBytes)} are left on the disk of the member.`,
    advice: 'Make room in the next days: docs/guides/runbooks/disk-nearly-full.md.',
  },
  'layout-wrong': {
    weight: 'wrong',
    says: ({ where, what }) => `${where} ${what}.`,
    advice: 'Move aside what is not the node’s; secrets are for their owner alone (mode 0600).',
  },
  'secret-missing': {
    weight: 'wrong',
    says: ({ name }) => `keys/${name}.secret is missing.`,
    advice: 'Restore it from the backup of secrets before the node starts: a new one would open nothing.',
  },
  'successor-beside': {
    weight: 'watch',
    says: ({ name }) => `keys/${name}.secret lies beside the key that it is to follow.`,
    advice: 'Keep it where the node cannot reach it: whoever steals both keeps what they stole.',
  },
  'ledger-does-not-open': {
    weight: 'wrong',
    says: ({ fault }) => `The ledger does not open: ${fault}.`,
    advice: 'Run plexus verify --data on a copy; restore the member from its backup if it is damaged.',
  },
  'checkpoints-missing': {
    weight: 'watch',
    says: ({ block }) => `The replica began from a snapshot of block ${block}: the member signs no log of checkpoints.`,
    advice: 'Witnesses cannot follow this member. To have a log, join anew without --begin, from the first block.',
  },
  'fork-stands': {
    weight: 'wrong',
    says: ({ file }) =>
      `Two blocks of one height both have their votes: forks/${file}. No key is released here meanwhile.`,
    advice: 'Hand the file to every member, and follow docs/guides/runbooks/fork-seen.md.',
  },
  'member-unknown': {
    weight: 'wrong',
    says: () => 'The ledger has no member of this name.',
    advice: 'Check --member; a new member is voted in: docs/guides/govern-a-network.md.',
  },
  'member-not-active': {
    weight: 'wrong',
    says: ({ status }) => `The member is ${status}.`,
    advice: 'Only a vote of the others reinstates a suspended member; whoever left or was removed stays away.',
  },
  'signing-key-not-active': {
    weight: 'wrong',
    says: ({ status }) => `The ledger does not know the node’s signing key as active: ${status}.`,
    advice: 'Put the secret of the key that plexus keys list shows as active into keys/member.secret.',
  },
  'transport-key-not-registered': {
    weight: 'wrong',
    says: () => 'The ledger does not know the key that the node shows to other nodes.',
    advice: 'plexus keys register --scope transport --out keys/transport.secret, after moving the file that is there.',
  },
  'transport-key-not-active': {
    weight: 'wrong',
    says: ({ status }) => `The key that the node shows to other nodes is not its active one: ${status}.`,
    advice: 'plexus keys list shows which is; put its secret into keys/transport.secret.',
  },
  'sealing-key-differs': {
    weight: 'wrong',
    says: () => 'keys/sealing.secret does not open what others seal to this member.',
    advice: 'Restore keys/sealing.secret from the backup of secrets.',
  },
  'signing-key-old': {
    weight: 'watch',
    says: ({ days }) => `The signing key has been in force for ${days} days.`,
    advice: 'plexus keys rotate.',
  },
  'transport-key-old': {
    weight: 'watch',
    says: ({ days }) => `The key that the node shows to other nodes has been in force for ${days} days.`,
    advice: 'plexus keys rotate --transport.',
  },
  'clock-behind-block': {
    weight: 'wrong',
    says: ({ seconds }) => `This machine’s clock is ${seconds} s behind the newest block.`,
    advice: 'Set the clock (NTP): the node refuses what the network accepts.',
  },
  'clock-differs': {
    weight: 'wrong',
    says: ({ seconds }) => `This machine’s clock differs from that of most peers by ${seconds} s.`,
    advice: 'Set the clock (NTP), unless all the others are wrong.',
  },
  'block-old': {
    weight: 'wrong',
    says: ({ seconds }) => `The newest block is ${seconds} s old; after 15 s custodians release nothing.`,
    advice: 'docs/guides/runbooks/ledger-stands-still.md.',
  },
  'address-malformed': {
    weight: 'wrong',
    says: ({ address }) => `No node can follow the member’s address, ${JSON.stringify(address)}.`,
    advice: 'plexus govern address plexus://HOST:PORT.',
  },
  'address-local': {
    weight: 'watch',
    says: () => 'The member’s address is local: its node is reached from within its own process alone.',
    advice: 'On a network of several machines: plexus govern address plexus://HOST:PORT, and start the node again.',
  },
  'own-address-not-reached': {
    weight: 'wrong',
    says: ({ refusal }) => `From this machine, the member’s own address does not lead to its node: ${refusal}.`,
    advice: 'Check name, port, firewall and that the node was started since the address changed.',
  },
  'engine-address-missing': {
    weight: 'wrong',
    says: () => 'The ledger does not say where the member’s engine is: others neither find it nor let it in.',
    advice: 'plexus govern engine-address ID@HOST:PORT.',
  },
  'engine-key-differs': {
    weight: 'wrong',
    says: () => 'The engine shows another key than the one that the ledger tells others: they do not let it in.',
    advice: 'Restore keys/engine-node.secret, or tell the new id: plexus govern engine-address ID@HOST:PORT.',
  },
  'seat-key-differs': {
    weight: 'wrong',
    says: () => 'The member’s seat has another key than the engine: its votes do not count.',
    advice: 'If keys/validator-next.secret waits, start the node anew; otherwise `plexus keys seat`, and a vote.',
  },
  'engine-watches': {
    weight: 'watch',
    says: () => 'The engine signs no block yet: what its key signed last is not known here.',
    advice:
      'It begins when the others have decided two blocks. If they wait for it, and its former self is off for good: end the node, write {"height":"0","round":0,"step":0} into engine/data/priv_validator_state.json, start it.',
  },
  'seat-key-misbehaved': {
    weight: 'wrong',
    says: () =>
      'The key with which this node signs blocks signed twice, as the engine proved: no seat is given to it again.',
    advice: 'docs/guides/runbooks/validator-misbehaved.md: find the other copy first, then make another key.',
  },
  'peer-seated-though-misbehaved': {
    weight: 'wrong',
    says: ({ peer }) => `The key of ${peer} signed twice, and still has its seat: too much power had moved that day.`,
    advice: 'Vote it out: plexus govern propose no-validator ID.',
  },
  'behind-peers': {
    weight: 'wrong',
    says: ({ blocks }) => `The replica is ${blocks} blocks behind the furthest peer.`,
    advice: 'docs/guides/runbooks/replica-behind.md.',
  },
  'peer-address-malformed': {
    weight: 'watch',
    says: ({ peer }) => `The address of ${peer} is none that a node can follow.`,
    advice: 'Tell them: plexus govern address plexus://HOST:PORT.',
  },
  'peer-unresolved': {
    weight: 'wrong',
    says: ({ peer }) => `The name in the address of ${peer} is not found.`,
    advice: 'Check this machine’s DNS; if other names resolve, tell them.',
  },
  'peer-unreachable': {
    weight: 'wrong',
    says: ({ peer }) => `${peer} does not answer at its address.`,
    advice:
      'If others are reached their node is down or behind a firewall: tell them. If none is, check this machine’s.',
  },
  'peer-timed-out': {
    weight: 'wrong',
    says: ({ peer }) => `${peer} did not answer in time.`,
    advice: 'A firewall that drops silently looks so; else their node is overloaded: tell them.',
  },
  'peer-handshake-failed': {
    weight: 'wrong',
    says: ({ peer }) => `What answers at the address of ${peer} does not speak TLS 1.3 as members do.`,
    advice: 'A proxy that ends TLS cannot stand between nodes: forward the bytes as they are.',
  },
  'peer-other-key': {
    weight: 'wrong',
    says: ({ peer }) => `Whoever answers at the address of ${peer} does not hold a key of that member.`,
    advice: 'Nothing was sent. Call them by a way that you know: a wrong address, a proxy, or somebody in between.',
  },
  'peer-not-letting-in': {
    weight: 'wrong',
    says: ({ peer }) => `${peer} has the right key, and does not let this node in.`,
    advice: 'Its replica may be behind this member’s newest key; if it stays, compare plexus keys list on both sides.',
  },
  'peer-status-malformed': {
    weight: 'watch',
    says: ({ peer }) => `${peer} tells of itself in a form that this version does not read.`,
    advice: 'Compare versions.',
  },
  'peer-without-key': {
    weight: 'watch',
    says: ({ peer }) => `${peer} has no active key for connections between nodes.`,
    advice: 'Tell them: plexus keys register --scope transport.',
  },
  'peer-of-another-chain': {
    weight: 'wrong',
    says: ({ peer }) => `${peer} runs another network under the same key.`,
    advice: 'Compare the hash of genesis.cbor with them.',
  },
  'peer-of-another-version': {
    weight: 'watch',
    says: ({ peer, version }) => `${peer} runs version ${version}.`,
    advice: 'Contracts take new versions over at a height: agree on when both are ready.',
  },
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`
