/** What the worker knows of the pages, as it tells their windows. */

/** Public answers of the node that the pages need in order to open: the founding document, and who runs here. */
export const genesisPath = '/v1/chain'
export const membersPath = '/v1/members'

/** Why a bundle is not taken; `part` is the path of a file, or the code of a check that failed. */
export interface PageRefusal {
  readonly type:
    | 'another-member'
    | 'another-network'
    | 'file-differs'
    | 'manifest-malformed'
    | 'manifest-not-committed'
    | 'no-proof'
    | 'proof-does-not-hold'
    | 'unreachable'
  readonly part: string
}

/** A bundle whose manifest is shown to be committed, and whose every file was held against it. */
export interface AcceptedPages {
  /** Chain, member and bundle, in hexadecimal digits where they are hashes. */
  readonly chain: string
  readonly member: string
  readonly bundle: string
  /** Of the block that carries the commitment. */
  readonly height: number
  readonly files: number
}

export interface PageStanding {
  /** Null before the first was accepted. */
  readonly accepted: AcceptedPages | null
  /** What the node offered last and did not get; null when it offers what was accepted. */
  readonly refused: PageRefusal | null
  /** A newer bundle is accepted and shows at the next load. */
  readonly newer: boolean
}

/** What a window asks of the worker: to look at what the node offers now, and to say how things stand. */
export const lookAgain = 'plexus-look'
export const standingName = 'plexus-standing'

export interface StandingMessage {
  readonly type: typeof standingName
  readonly standing: PageStanding
}
