/**
 * `plexus network`: a network of members that run apart. Each member's keys are made in its own folder, and what the
 * others are to know of it is a public file: a genesis is made of such files, and so is the request to be admitted.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { decode, parseHex, toHex } from '@plexus/codec'
import { contracts, directory, members } from '@plexus/contracts'
import { systemRandom } from '@plexus/crypto'
import { type Chain, createMachine, readGenesis, validSecondsMax } from '@plexus/kernel'
import { askAdmission } from '@plexus/sdk'
import { writeDurably } from '@plexus/store'
import { candidateFields, candidatePath, keepCandidate, readCandidate } from './candidate-file.ts'
import {
  activeFromTheStart,
  type Candidate,
  chainOf,
  type Described,
  describeMember,
  foundedChain,
  genesisPath,
  keepGenesis,
  validatorPower,
} from './founding.ts'
import { headerSourceIn } from './header-sources.ts'
import { layoutOf, secretOf } from './layout.ts'
import { findBeginning, sayBeginningRefusal } from './network-begin.ts'
import { runAll } from './network-up.ts'
import { schedule } from './schedule.ts'
import { snapshotEveryIn } from './snapshot-ledger.ts'

const now = (): number => Date.now() / 1000

/** Votes of more than these go with every block, and take longer than a block may. */
const foundersMax = 100
const portMax = 65_535
const memberPattern = /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/

const options = {
  data: { type: 'string' },
  member: { type: 'string' },
  members: { type: 'string' },
  candidate: { type: 'string', multiple: true },
  name: { type: 'string', default: 'plexus-network' },
  host: { type: 'string', default: '127.0.0.1' },
  'peer-port': { type: 'string', default: '7440' },
  port: { type: 'string', default: '7400' },
  'voting-delay': { type: 'string' },
  without: { type: 'string', multiple: true },
  address: { type: 'string' },
  engine: { type: 'string' },
  owner: { type: 'string' },
  power: { type: 'string', default: String(validatorPower) },
  board: { type: 'boolean', default: false },
  genesis: { type: 'string' },
  sponsor: { type: 'string' },
  'sponsor-key': { type: 'string' },
  source: { type: 'string', multiple: true },
  'snapshot-every': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const
type Values = ReturnType<typeof parseArgs<{ readonly options: typeof options }>>['values']

/** Said to a person, with the words for a program beside. */
class Refused extends Error {}

/** Exit status: 0 all well, 1 refused or failed, 2 wrong usage. */
export async function runNetwork(args: readonly string[]): Promise<number> {
  const [act = '', ...rest] = args
  try {
    const { values } = parseArgs({ args: [...rest], options })
    const run = acts[act]
    if (!run) throw new TypeError(`expected ${Object.keys(acts).join(', ')}`)
    return await run(values)
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof Refused)) throw error
    console.error(error.message)
    return error instanceof TypeError ? 2 : 1
  }
}

const acts: Readonly<Record<string, (values: Values) => Promise<number>>> = {
  async candidate(values) {
    const { layout, candidate } = await describe(values)
    tell(values, { step: 'candidate', ok: true, file: candidatePath(layout), ...candidateFields(candidate) }, [
      `${candidate.member}: its keys are in ${layout.keys}, and stay there.`,
      `What others are to know of it is in ${candidatePath(layout)}; nothing of it is secret.`,
    ])
    return 0
  },

  async init(values) {
    const data = folder(values)
    if (foundedChain(data)) throw new Refused(`${genesisPath(data)} is there already: a network is founded once.`)
    const candidates = values.candidate?.map(candidateIn) ?? (await makeFounders(values, data))
    const chain = found(values, data, candidates)
    tell(values, initFacts(data, chain, candidates), [
      `The genesis of ${values.name} is ${genesisPath(data)}; its hash is ${toHex(chain.id)}. Every member needs this file.`,
      ...candidates.map(({ member, address, validator }) => {
        const seat = validator ? `signs blocks with power ${validator.power}` : 'does not sign blocks'
        return `  ${member} at ${address} ${seat}`
      }),
    ])
    return 0
  },

  async join(values) {
    const data = folder(values)
    const chain = chainFor(values, data)
    const { layout, candidate } = await describe(values)
    const { sponsor } = values
    if (sponsor === undefined) throw new TypeError('expected --sponsor MEMBER: who is to propose the admission')
    const named = values['sponsor-key']
    const sponsorKey = named === undefined ? foundingKeyOf(chain, sponsor) : parseHex(named)
    if (sponsorKey?.length !== 32)
      throw new Refused(`The founding knows no key of ${sponsor}: give --sponsor-key (\`plexus keys list\` shows it).`)
    const validUntil = Math.floor(now()) + validSecondsMax
    const asked = askAdmission(
      { type: 'admit-member', ...candidate },
      { chain: chain.id, sponsor, sponsorKey, nonce: systemRandom(16), validUntil },
      ['member', 'transport'].map((name) => secretOf(layout, name, systemRandom)),
    )
    const file = join(data, `admission-${candidate.member}.json`)
    const shares = asked.shares.map(({ key, signature }) => ({ key: toHex(key), signature: toHex(signature) }))
    const content = { ...candidateFields(candidate), asked: { body: toHex(asked.body), shares } }
    writeDurably(file, `${JSON.stringify(content, null, 1)}\n`, 0o644)
    tell(values, { step: 'join', ok: true, member: candidate.member, file, validUntil }, [
      `${file} asks ${sponsor} to propose ${candidate.member}. It is good for ${validSecondsMax / 60} minutes; then say this again.`,
      `At ${sponsor}: plexus govern propose admit ${file} --member ${sponsor} --data DIR`,
      `Once it is voted for and enacted: plexus start --data ${data} --member ${candidate.member}`,
    ])
    return 0
  },

  async begin(values) {
    const data = folder(values)
    const chain = foundedChain(data)
    if (!chain) throw new Refused(`There is no genesis.cbor in ${data}: \`plexus network join\` puts it there.`)
    const { member, source = [] } = values
    const layout = layoutOf(data, member ?? '')
    if (member === undefined || !existsSync(layout.keys))
      throw new TypeError('expected --member ID, whose keys are here')
    const sources = source.map(headerSourceIn).filter((each) => each.type === 'member')
    if (new Set(sources.map((each) => each.member)).size < 2)
      throw new TypeError('expected --source MEMBER twice at least: members that must agree')
    const way = { layout, random: systemRandom, now, schedule }
    const found = await findBeginning(chain, sources, way, createMachine({ chain, contracts, directory }))
    if (!found.ok) throw new Refused(sayBeginningRefusal(found.reason))
    const { height, hash, believed } = found.value
    const asked = sources.map((each) => each.member)
    const words = ['--begin', `${height}:${hash}`, ...source.flatMap((each) => ['--source', each])]
    tell(values, { step: 'begin', ok: true, member, height, hash, believed, asked, words }, [
      `Block ${height} has the header ${hash}, as ${asked.join(' and ')} show it, with the votes of its validators.`,
      believed === 'genesis'
        ? `  It was followed by votes from ${genesisPath(data)}: nobody is trusted but the founders.`
        : `  The network is older than a week, so ${asked.join(' and ')} are TRUSTED in this: had their nodes both lied, you would join another history. Ask one more member by telephone.`,
      `plexus start --data ${data} --member ${member} ${words.join(' ')}`,
    ])
    return 0
  },

  async up(values) {
    const data = folder(values)
    if (!foundedChain(data)) {
      const candidates = await makeFounders(values, data)
      const chain = found(values, data, candidates)
      tell(values, initFacts(data, chain, candidates), [`Founded ${candidates.length} members under ${data}.`])
    }
    const chain = foundedChain(data)
    const known = chain ? membersOf(chain).filter((member) => existsSync(layoutOf(data, member).keys)) : []
    const joined = values.member === undefined ? [] : [values.member]
    const running = [...new Set([...known, ...joined])]
    if (running.length === 0) throw new Refused(`${data} has the keys of no member.`)
    const port = numberIn(values.port, 0, portMax - running.length, '--port')
    const snapshotEvery = snapshotEveryIn(values['snapshot-every'])
    return runAll({ data, members: running, port, snapshotEvery, json: values.json })
  },
}

function folder({ data }: Values): string {
  if (data === undefined) throw new TypeError('expected --data DIR')
  return resolve(data)
}

function tell({ json }: Values, facts: object, lines: readonly string[]): void {
  if (json) console.log(JSON.stringify(facts))
  else for (const line of lines) console.log(line)
}

const initFacts = (data: string, chain: Chain, candidates: readonly Candidate[]) => ({
  step: 'init',
  ok: true,
  data,
  chain: toHex(chain.id),
  members: candidates.map(({ member }) => member),
})

function numberIn(text: string, min: number, max: number, name: string): number {
  const number = Number(text)
  if (/^\d{1,9}$/.test(text) && number >= min && number <= max) return number
  throw new TypeError(`${name}: expected a number from ${min} to ${max}`)
}

/** Makes keys and description of the member that is named, or reads what was made before. */
async function describe(values: Values): Promise<{ layout: ReturnType<typeof layoutOf>; candidate: Candidate }> {
  const { member, address, engine, owner } = values
  if (member === undefined || !memberPattern.test(member)) throw new TypeError('expected --member ID')
  const layout = layoutOf(folder(values), member)
  if (existsSync(candidatePath(layout)) && address === undefined && engine === undefined)
    return { layout, candidate: candidateIn(candidatePath(layout)) }
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(engine ?? '') ?? []
  if (address === undefined || host === undefined || port === undefined)
    throw new TypeError('expected --address plexus://HOST:PORT and --engine HOST:PORT')
  const power = numberIn(values.power, 0, 1_000_000, '--power')
  const described: Described = {
    member,
    address,
    engine: { host, port: numberIn(port, 1, portMax, '--engine') },
    owner: owner ?? member,
    board: values.board,
    power: power === 0 ? null : power,
  }
  keepCandidate(layout, await describeMember(layout, described, systemRandom))
  // What the ledger would not take is refused here, in the words of the ledger's own schema.
  return { layout, candidate: candidateIn(candidatePath(layout)) }
}

function candidateIn(path: string): Candidate {
  const read = readCandidate(path)
  if (read.ok) return read.value
  throw new Refused(
    read.reason.type === 'candidate-missing'
      ? `There is no ${path}.`
      : `${path} does not describe a member: docs/guides/operate-a-network.md shows the form.`,
  )
}

/** All founders on this machine, each in its own folder; the last of them attests licences. */
async function makeFounders(values: Values, data: string): Promise<readonly Candidate[]> {
  const count = numberIn(values.members ?? '4', 1, foundersMax, '--members')
  const first = numberIn(values['peer-port'], 1, portMax - 2 * count, '--peer-port')
  const { host } = values
  const candidates: Candidate[] = []
  for (let index = 0; index < count; index++) {
    const member = `member-${index + 1}`
    const described: Described = {
      member,
      address: `plexus://${host}:${first + 2 * index}`,
      engine: { host, port: first + 2 * index + 1 },
      owner: member,
      board: index === count - 1,
      power: validatorPower,
    }
    const layout = layoutOf(data, member)
    const candidate = await describeMember(layout, described, systemRandom)
    keepCandidate(layout, candidate)
    candidates.push(candidate)
  }
  return candidates
}

function found(values: Values, data: string, candidates: readonly Candidate[]): Chain {
  if (new Set(candidates.map(({ member }) => member)).size < candidates.length)
    throw new Refused('Two candidates have one id: each member has its own.')
  if (candidates.every(({ validator }) => validator === null))
    throw new Refused('Nobody would sign blocks: at least one member needs a power.')
  if (candidates.some(({ engineAddress }) => engineAddress === null))
    throw new Refused('Each founding member needs --engine HOST:PORT.')
  const { 'voting-delay': delay, without = [] } = values
  const names: readonly string[] = activeFromTheStart.map(({ name }) => name)
  if (without.some((name) => !names.includes(name))) throw new TypeError(`--without: expected ${names.join(', ')}`)
  const chain = chainOf(candidates, {
    name: values.name,
    time: now(),
    sequencer: null,
    without,
    ...(delay !== undefined && {
      parameters: { votingDelaySeconds: numberIn(delay, 0, 90 * 86_400, '--voting-delay') },
    }),
  })
  keepGenesis(data, chain)
  return chain
}

function chainFor({ genesis }: Values, data: string): Chain {
  const known = foundedChain(data)
  if (known) return known
  if (genesis === undefined) throw new TypeError('expected --genesis FILE: every member of the network has it')
  const read = existsSync(genesis) ? readGenesis(new Uint8Array(readFileSync(genesis))) : undefined
  if (!read?.ok) throw new Refused(`${genesis} is not a genesis document.`)
  keepGenesis(data, read.value)
  return read.value
}

function foundingEvents({ genesis }: Chain) {
  return genesis.founding.flatMap(({ contract, event }) => {
    const read = contract === members.name ? decode(members.event, event) : undefined
    return read?.ok ? [read.value] : []
  })
}

const membersOf = (chain: Chain): readonly string[] =>
  foundingEvents(chain).flatMap((event) => (event.type === 'member-founded' ? [event.member] : []))

/** A key that governs and sponsors, as it was founded. */
function foundingKeyOf(chain: Chain, member: string): Uint8Array | undefined {
  for (const event of foundingEvents(chain))
    if (
      event.type === 'key-registered' &&
      event.holder === member &&
      event.scopes.includes('governance') &&
      event.scopes.includes('sponsor')
    )
      return event.key
  return undefined
}
