/** The rules of this contract, part by part, and the limits under which they run. */
import type { Rules } from '@plexus/kernel'
import type { Event } from './events.ts'
import type { Rejection } from './rejections.ts'
import type { state } from './state.ts'
import type { Transaction } from './transactions.ts'

export type MembersRules = Rules<typeof state, Transaction, Event, Rejection>

/** What a test lowers, so that it can reach it. */
export interface Limits {
  readonly tenantsPerHostMax: number
  readonly keysPerHostMax: number
  readonly activeKeysPerHolderMax: number
  readonly membersMax: number
  readonly proposalsPerMemberMax: number
  readonly activationLeadBlocks: number
}

export const limits: Limits = {
  /** Small practices around one large host. Beyond that, another host is the answer. */
  tenantsPerHostMax: 10_000,
  /** Keys of the host and of all its tenants, over many years. */
  keysPerHostMax: 100_000,
  /** Bounds the walk that revokes the keys of whoever leaves. */
  activeKeysPerHolderMax: 100,
  /** Bounds each tally, which asks every member. */
  membersMax: 1_000,
  /** Bounds the walk over all proposals, and what one member can put before all others. */
  proposalsPerMemberMax: 8,
  /** So many blocks lie between the enactment and the first block of a new version: no replica meets it unprepared. */
  activationLeadBlocks: 100,
}
