/** The HTTP API of all members on the loopback, for who drives a network from the process that it runs in. */
import { Writable } from 'node:stream'
import type { RandomBytes } from '@plexus/crypto'
import type { Demonstration } from './demonstration.ts'
import { createApi } from './http/api.ts'
import { createLogger } from './http/log.ts'
import { createMetrics } from './http/metrics.ts'
import { staffToken } from './http/staff-token.ts'

export interface LocalDoors {
  /** Address of a member's own part of the API. */
  address(member: string): string
  /** Bearer token of a member's staff. */
  token(member: string): string
  close(): Promise<void>
}

/** Listens on 127.0.0.1, on a port that the system picks. The log goes nowhere. */
export async function openLocalDoors(
  { network, directory }: Pick<Demonstration, 'directory' | 'network'>,
  { random, now }: { readonly random: RandomBytes; readonly now: () => number },
): Promise<LocalDoors> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const logger = createLogger(nowhere)
  const api = await createApi({ network, directory, logger, random, now, metrics: createMetrics() })
  const url = await api.listen({ host: '127.0.0.1', port: 0 })
  return {
    address: (member) => `${url}/v1/members/${member}`,
    token: (member) => staffToken(network.node(member).layout, random),
    close: () => api.close(),
  }
}
