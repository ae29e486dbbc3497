/** When licences and roles may change. */
import { no, ok } from '@plexus/codec'
import { type Call, type Context, call, type Rules } from '@plexus/kernel'
import { members } from '../members/index.ts'
import { sponsorSigned } from '../scopes.ts'
import type { Event } from './events.ts'
import { isNpi } from './npi.ts'
import { queries } from './queries.ts'
import type { Rejection } from './rejections.ts'
import { roleKey, type state } from './state.ts'
import type { Transaction } from './transactions.ts'

export const rules: Rules<typeof state, Transaction, Event, Rejection> = {
  'attest-licence'({ licences }, { npi, jurisdiction, validUntil }, context) {
    if (!isNpi(npi)) return no({ type: 'npi-invalid', npi })
    const board = boardOf(context)
    if (!board) return no({ type: 'not-one-board' })
    const known = licences.get(npi)
    if (known && known.board !== board) return no({ type: 'not-its-board', board: known.board })
    if (validUntil < context.time) return no({ type: 'already-over', validUntil, time: context.time })
    return ok({ events: [{ type: 'licence-attested', npi, board, jurisdiction, validUntil, height: context.height }] })
  },

  'suspend-licence'({ licences }, { npi }, context) {
    const board = boardOf(context)
    if (!board) return no({ type: 'not-one-board' })
    const licence = licences.get(npi)
    if (!licence) return no({ type: 'licence-unknown', npi })
    if (licence.board !== board) return no({ type: 'not-its-board', board: licence.board })
    if (licence.status === 'suspended') return no({ type: 'already-suspended' })
    return ok({ events: [{ type: 'licence-suspended', npi, height: context.height }] })
  },

  'reinstate-licence'({ licences }, { npi }, context) {
    const board = boardOf(context)
    if (!board) return no({ type: 'not-one-board' })
    const licence = licences.get(npi)
    if (!licence) return no({ type: 'licence-unknown', npi })
    if (licence.board !== board) return no({ type: 'not-its-board', board: licence.board })
    if (licence.status === 'active') return no({ type: 'not-suspended' })
    return ok({ events: [{ type: 'licence-reinstated', npi, height: context.height }] })
  },

  'attest-role'(_state, { npi, organisation, role, key }, context) {
    if (!isNpi(npi)) return no({ type: 'npi-invalid', npi })
    if (!sponsorSigned(context, 'credentials')) return no({ type: 'scope-missing', scope: 'credentials' })
    return ok({
      events: [{ type: 'role-attested', npi, organisation, role, key, height: context.height }],
      calls: [requireHosted(organisation)],
    })
  },

  'suspend-role'({ roles }, { npi, organisation }, context) {
    if (!sponsorSigned(context, 'credentials')) return no({ type: 'scope-missing', scope: 'credentials' })
    const known = roles.get(roleKey({ npi, organisation }))
    if (!known) return no({ type: 'role-unknown', npi, organisation })
    if (known.status === 'suspended') return no({ type: 'already-suspended' })
    return ok({
      events: [{ type: 'role-suspended', npi, organisation, height: context.height }],
      calls: [requireHosted(organisation)],
    })
  },

  'reinstate-role'({ roles }, { npi, organisation }, context) {
    if (!sponsorSigned(context, 'credentials')) return no({ type: 'scope-missing', scope: 'credentials' })
    const known = roles.get(roleKey({ npi, organisation }))
    if (!known) return no({ type: 'role-unknown', npi, organisation })
    if (known.status === 'active') return no({ type: 'not-suspended' })
    return ok({
      events: [{ type: 'role-reinstated', npi, organisation, height: context.height }],
      calls: [requireHosted(organisation)],
    })
  },

  'require-standing'(state, { organisation, npis }, { time, caller }) {
    if (caller === null) return no({ type: 'only-by-contract' })
    for (const npi of npis) {
      const { licence, role } = queries.standing(state, { npi, organisation, time })
      if (licence !== 'active') return no({ type: 'licence-not-active', npi })
      if (role !== 'active') return no({ type: 'role-not-active', npi, organisation })
    }
    return ok({ events: [] })
  },
}

/** The one licensing board among the signers; of two it would be unclear which one attests. */
function boardOf({ signers }: Context): string | undefined {
  const boards = new Set<string>()
  for (const { holder, scopes } of signers) if (holder && scopes.includes('licensing-board')) boards.add(holder)
  const [board, another] = boards
  return another === undefined ? board : undefined
}

/** An organisation speaks of its own clinicians only: the sponsor is the organisation, or hosts it. */
function requireHosted(organisation: string): Call {
  return call(members, { type: 'require-hosted', organisation })
}
