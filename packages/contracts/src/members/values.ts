/** Values that transactions, events and the state share. */
import { bytes, type Infer, object, oneOf, text, uint } from '@plexus/codec'

/** An X-Wing public key (draft-connolly-cfrg-xwing-kem): ML-KEM-768 and X25519, for notes sealed to a member's node. */
export const sealingKey = bytes({ length: 1216 })
/** Where a member's node answers: a URL. */
export const address = text({ min: 1, max: 200 })
/** One that nodes of other machines can follow: a host in lower case (IPv6 in brackets) and a port. */
export const peerAddress = text({
  min: 12,
  max: 200,
  pattern:
    /^plexus:\/\/(?:\[(?=[0-9a-f.]*:)[0-9a-f:.]{2,45}\]|[a-z0-9][a-z0-9.-]{0,181}(?<=[a-z0-9])):[1-9][0-9]{0,4}$/,
})
/**
 * Where the engine beside a member's node is reached by the others, as CometBFT writes it: the id of the node (the first
 * 20 bytes of SHA-256 of its key), then host and port, both as in a `peerAddress`.
 */
export const engineAddress = text({
  min: 44,
  max: 236,
  pattern:
    /^[0-9a-f]{40}@(?:\[(?=[0-9a-f.]*:)[0-9a-f:.]{2,45}\]|[a-z0-9][a-z0-9.-]{0,181}(?<=[a-z0-9])):[1-9][0-9]{0,4}$/,
})
/** The group of companies that a member belongs to: members under one owner vote and fail together. */
export const owner = text({ min: 1, max: 80 })
/** SHA-256 of the public key that will follow: its holder keeps the secret apart, and shows the key when it rotates. */
export const nextKeyHash = bytes({ length: 32 })
/** The Ed25519 key with which a validator signs blocks: another one than any key that signs envelopes. */
export const consensusKey = bytes({ length: 32 })
/** As the engine names it (`misbehaviour` of the kernel). */
export const misbehaviourKind = oneOf('double-vote', 'light-client-attack')
/** Sums over every member stay far below 2^53, and below what CometBFT allows in total (2^63 / 8). */
export const powerMax = 1_000_000

/** A year of days bounds the walk over what custodians posted. */
const windowDaysMax = 366

export const policyParameters = object({
  /** Patients a day that one member may ask for on evidence of its own making; design, grade "self-asserted". */
  selfAssertedPatientsPerDayMax: uint(),
  selfAssertedPatientsPerClinicianPerDayMax: uint(),
  selfAssertedWindowDays: uint(windowDaysMax),
  intentSecondsMax: uint(),
  blockAgeSecondsMax: uint(),
  /** Envelopes that one member may sponsor in a minute of block time: its share when the network is full. */
  envelopesPerMinuteMax: uint(),
  /** Objects that its envelopes may add to the state in that minute: one envelope may open thousands. */
  objectsPerMinuteMax: uint(),
  /** Between a proposal's passing and its effect, and between a powerful key's registration and its use. */
  votingDelaySeconds: uint(),
  /** How long a proposal may gather votes, and then, once it is due, wait to be enacted. */
  proposalSeconds: uint(),
  /** Members of one owner group whose votes count, and who may have a seat among the validators. */
  votesPerOwnerMax: uint(),
})
export type PolicyParameters = Infer<typeof policyParameters>

/** Whether exchange for treatment is permitted unless refused (us), or refused unless permitted (opt-in). */
export const profile = oneOf('us', 'opt-in')
