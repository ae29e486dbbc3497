/**
 * Where a node that begins from a snapshot gets headers from. The light client in its engine asks by HTTP; a member is
 * asked over the connection between members, and so needs no other port open than the one for notes. What is answered is
 * verified by the engine from the block that it was told to trust: nobody who answers is believed.
 */
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RandomBytes } from '@plexus/crypto'
import { type AskLight, lightQuestionIn, writeLightQuestion } from '@plexus/engine'
import type { StateReader } from '@plexus/kernel'
import { ask, type PeersOptions, probe, readAddress } from '@plexus/peers'
import { lightSettings } from '@plexus/sdk'
import type { Layout } from './layout.ts'
import { transportOf } from './peer-door.ts'

export type HeaderSource =
  /** The RPC of an engine, `http://HOST:PORT` or `unix:///FILE`. */
  | { readonly type: 'engine'; readonly url: string }
  /**
   * A member's node, by address and key as the own ledger has them. With an address of its own, because the own ledger is older
   * than the member's last move: then whatever key answers there is taken.
   */
  | { readonly type: 'member'; readonly member: string; readonly address: string | null }

export interface SourceParts {
  /** Of whoever asks. */
  readonly layout: Layout
  readonly state: StateReader
  readonly random: RandomBytes
  readonly now: () => number
  readonly schedule: (callback: () => void, milliseconds: number) => () => void
}

type MemberSource = Extract<HeaderSource, { readonly type: 'member' }>

/** The parts of a connection to the source. */
function wayTo({ member, address }: MemberSource, parts: SourceParts) {
  const { layout, state, random, now, schedule } = parts
  const known: Pick<PeersOptions, 'addressOf' | 'holderOf' | 'seed'> = transportOf(state, layout, random)
  const told = address === null ? {} : { addressOf: () => address, holderOf: () => member }
  return { ...known, ...told, random, now, schedule }
}

/** Looks whether the source is there, and how far its replica is. */
export const probeSource = (source: MemberSource, parts: SourceParts) => probe(wayTo(source, parts), source.member)

/** Asks a member's node. One question at a time: a member may open a few connections at once, and notes need one. */
export function askingMember(source: MemberSource, parts: SourceParts): AskLight {
  const way = wayTo(source, parts)
  let before: Promise<unknown> = Promise.resolve()
  return (question) => {
    const asked = before.then(async () => {
      const answer = await ask(way, source.member, writeLightQuestion(question))
      return answer.ok ? answer.value : undefined
    })
    before = asked.catch(() => {})
    return asked
  }
}

const requestBytesMax = 4_096
/** The light client of one engine asks one question after another, and a few more where it compares. */
const connectionsMax = 8

/** Listens on a socket of this machine, in a folder of the node alone, and puts each question to `asked`. */
export async function openRelay(file: string, asked: AskLight): Promise<() => Promise<void>> {
  rmSync(file, { force: true })
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    let length = 0
    const refuse = (status: number): void => void response.writeHead(status).end()
    request.on('data', (part: Buffer) => {
      length += part.length
      if (length > requestBytesMax) request.destroy()
      else parts.push(part)
    })
    request.on('end', () => {
      const question = lightQuestionIn(new Uint8Array(Buffer.concat(parts)))
      if (!question) {
        refuse(400)
        return
      }
      asked(question).then(
        (answer) => {
          if (answer) response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
          else refuse(503)
        },
        () => refuse(503),
      )
    })
    request.on('error', () => {})
  })
  server.maxConnections = connectionsMax
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(file, resolve)
  })
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}

/** A week: whoever left its seat before is not believed. */
export const trustSeconds = lightSettings.trustingSeconds

const memberForm = /^([a-z][a-z0-9-]{0,38}[a-z0-9])(?:=(plexus:\/\/[^\s]{1,200}))?$/

/** As it is written on the command line. Throws a TypeError, which says what was expected. */
export function headerSourceIn(text: string): HeaderSource {
  if (/^(?:https?:\/\/|unix:\/\/\/)[^,\s]+$/.test(text)) return { type: 'engine', url: text }
  const [, member, address = null] = memberForm.exec(text) ?? []
  if (member === undefined || (address !== null && !readAddress(address).ok))
    throw new TypeError('--source: expected MEMBER, MEMBER=plexus://HOST:PORT, http://HOST:PORT or unix:///FILE')
  return { type: 'member', member, address }
}
