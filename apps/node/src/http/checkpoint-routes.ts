/**
 * A member's log as static files (C2SP tlog-tiles), under the prefix `/v1/members/MEMBER/checkpoints`. No path that
 * comes in reaches the disk: places are read as numbers, and paths are written from them.
 */
import { entriesPath, noteBytesMax, parsePlacePath, tilePath } from '@plexus/sdk'
import { z } from 'zod'
import { problem } from './problem.ts'
import { type Answer, json, memberRoute, type Route } from './route.ts'

const text = 'text/plain; charset=utf-8'

const place = z
  .string()
  .max(40)
  .transform((path, context) => {
    const read = parsePlacePath(path)
    if (read) return read
    context.addIssue({ code: 'custom', message: 'the number of a tile, such as x001/234 or 234.p/56' })
    return z.NEVER
  })

export function checkpointRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'GET',
      path: '/checkpoints/:file',
      id: 'checkpointFile',
      summary:
        'The signed checkpoint of this member’s log, the newest that witnesses cosigned, or the log’s verifier key',
      tag: 'ledger',
      params: { file: z.enum(['checkpoint', 'vkey', 'witnessed'], { error: 'checkpoint, vkey or witnessed' }) },
      media: 'text/plain',
      gives: 'A signed note over origin, size and root (C2SP tlog-checkpoint); or one line.',
      refusals: ['checkpoint-file-unknown'],
      async handle({ params: { file } }, { checkpoints }) {
        return fileOf(await checkpoints.read(file), { contentType: text, immutable: false })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/checkpoints/tile/:level/*',
      id: 'checkpointTile',
      summary: 'Hashes of the tree over all blocks, or for level `entries` the summaries of blocks, in static files',
      tag: 'ledger',
      params: {
        level: z.enum(['0', '1', '2', '3', '4', '5', '6', 'entries'], { error: '0 to 6, or entries' }),
        '*': place,
      },
      media: 'application/octet-stream',
      gives:
        '256 hashes, or as many as `.p/` says (C2SP tlog-tiles); or as many entries, each behind two bytes of length.',
      refusals: ['checkpoint-file-unknown'],
      async handle({ params: { level, '*': at } }, { checkpoints }) {
        const path = level === 'entries' ? entriesPath(at) : tilePath({ level: Number(level), ...at })
        return fileOf(await checkpoints.read(path), { contentType: 'application/octet-stream', immutable: true })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/checkpoints/cosignatures',
      id: 'addCosignature',
      summary: 'A witness gives its cosignature: a recent checkpoint of this log with its line under it',
      tag: 'ledger',
      octetsMax: noteBytesMax,
      gives: 'The size that was cosigned, and by how many of this member’s witnesses.',
      refusals: ['checkpoint-unknown', 'cosignature-malformed', 'cosignature-refused'],
      async handle({ octets }, { checkpoints }) {
        const taken = await checkpoints.cosignatures.take(octets)
        return taken.ok ? json(taken.value) : problem(taken.reason.type)
      },
    }),
  ]
}

function fileOf(
  bytes: Uint8Array | undefined,
  how: { readonly contentType: string; readonly immutable: boolean },
): Answer {
  return bytes ? { type: 'file', bytes, ...how } : problem('checkpoint-file-unknown')
}
