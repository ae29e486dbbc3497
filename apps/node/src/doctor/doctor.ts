/** `plexus doctor`: what is wrong with a node, and what to do about it. */
import { programVersion } from '../peer-door.ts'
import { checks } from './checks.ts'
import type { DoctorFacts } from './facts.ts'
import { type Finding, type Meanings, meanings } from './findings.ts'
import { type DoctorParts, gather } from './gather.ts'

interface Told {
  readonly check: string
  readonly finding: Finding
  readonly weight: 'watch' | 'wrong'
  readonly says: string
  readonly advice: string
}

/** Everything that the facts show, check by check. */
export function examine(facts: DoctorFacts, version: string = programVersion): readonly Told[] {
  return Object.entries(checks).flatMap(([check, look]) =>
    look(facts, version).map((finding) => {
      // The entry under a finding's own type takes that finding; the compiler cannot see so across the union.
      const { weight, says, advice } = meanings[finding.type] as Meanings['layout-wrong']
      return { check, finding, weight, says: says(finding as Parameters<typeof says>[0]), advice }
    }),
  )
}

/** Exit status: 0 when nothing is wrong (there may be things to watch), 1 otherwise. */
export async function doctor(
  parts: Omit<DoctorParts, 'member'> & {
    readonly members: readonly string[]
    readonly json: boolean
    readonly print?: (line: string) => void
  },
): Promise<number> {
  const { members, json, print = console.log } = parts
  let wrong = 0
  for (const member of members) {
    const facts = await gather({ ...parts, member })
    const told = examine(facts)
    wrong += told.filter(({ weight }) => weight === 'wrong').length
    for (const line of json ? jsonLines(facts, told) : lines(facts, told)) print(line)
  }
  return wrong === 0 ? 0 : 1
}

function jsonLines({ member, ledger, peers }: DoctorFacts, told: readonly Told[]): readonly string[] {
  return [
    ...told.map(({ check, finding, weight, says, advice }) =>
      JSON.stringify({ ...finding, type: 'finding', member, check, finding: finding.type, weight, says, advice }),
    ),
    JSON.stringify({
      type: 'end',
      member,
      ok: told.every(({ weight }) => weight !== 'wrong'),
      height: ledger?.height ?? null,
      peers: peers.length,
      peersReached: peers.filter(({ probe }) => probe.ok).length,
    }),
  ]
}

function lines({ member, ledger, peers }: DoctorFacts, told: readonly Told[]): readonly string[] {
  const reached = peers.filter(({ probe }) => probe.ok).length
  const standing = ledger ? `, block ${ledger.height}, ${reached} of ${peers.length} peers reached` : ''
  return [
    `${member}${standing}`,
    ...Object.keys(checks).flatMap((check) => {
      const found = told.filter((each) => each.check === check)
      const mark = found.some(({ weight }) => weight === 'wrong') ? '✗' : found.length > 0 ? '!' : '✓'
      return [`  ${mark} ${check}`, ...found.flatMap(({ says, advice }) => [`      ${says}`, `        → ${advice}`])]
    }),
  ]
}
