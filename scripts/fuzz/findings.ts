/** What must not happen when bytes of others are read, and how one such input is made as small as it gets. */
import type { Answer, Subject } from './subject.ts'

export interface Finding {
  readonly kind: 'throws' | 'not-canonical' | 'slow' | 'hangs' | 'grows'
  /** Where and how; the same for inputs that show the same fault. */
  readonly what: string
  /** The input in hexadecimal. */
  readonly hex: string
}

/** A decoder of so few bytes takes microseconds; a hundred milliseconds are a way to stop a node. */
export const runMillisecondsMax = 100
/** Memory that one input of a few kilobytes may take while it is read. */
const runMemoryBytesMax = 16 * 1024 * 1024
/** Runs to make one input smaller. */
const smallerRunsMax = 1000

/** What is wrong with one run, if anything is. */
export type Fault = Pick<Finding, 'kind' | 'what'>

/** Frames that name the place of a fault; the loop itself runs without, since refusals inside a reader are thrown too. */
const framesMax = 10

/** Runs once; whatever is thrown is a fault. The time is judged by whoever calls. */
export async function tried(subject: Subject, input: Uint8Array): Promise<Fault | undefined> {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = framesMax
  try {
    return faultOf(await subject.run(input.slice()), input)
  } catch (error) {
    return thrown(error)
  } finally {
    Error.stackTraceLimit = before
  }
}

function thrown(error: unknown): Fault {
  if (!(error instanceof Error)) return { kind: 'throws', what: `something that is no error: ${typeof error}` }
  const place =
    /\((?:file:\/\/)?[^()]*?\/((?:packages|apps|scripts)\/[^()]+)\)|at (?:file:\/\/)?\S*?\/((?:packages|apps)\/\S+)/
  const at = place.exec(error.stack ?? '')
  return {
    kind: 'throws',
    what: `${error.name}: ${error.message.slice(0, 200).replace(/\d+/g, 'N')} at ${at?.[1] ?? at?.[2] ?? 'an unknown place'}`,
  }
}

export function faultOf(answer: Answer, input: Uint8Array): Fault | undefined {
  if (answer.type === 'refused' || answer.again === null) return undefined
  if (Buffer.compare(answer.again, input) === 0) return undefined
  return { kind: 'not-canonical', what: 'accepted bytes are written otherwise than they came' }
}

/** The processor's time for one run, the least of three: the machine has other work. */
export async function runMilliseconds(subject: Subject, input: Uint8Array): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    const before = process.threadCpuUsage()
    await tried(subject, input)
    const { user, system } = process.threadCpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}

/** Memory that one run leaves behind before anything is collected; a lower bound when a collection comes in between. */
export async function growsTooMuch(subject: Subject, input: Uint8Array): Promise<boolean> {
  const before = process.memoryUsage()
  await tried(subject, input)
  const after = process.memoryUsage()
  return after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers > runMemoryBytesMax
}

/** The same fault with fewer bytes: parts are left out, the largest first, as long as it stays. */
export async function smaller(subject: Subject, input: Uint8Array, fault: Fault): Promise<Uint8Array> {
  let least = input
  let runs = 0
  for (let size = Math.max(1, input.length >> 1); size >= 1; size >>= 1) {
    for (let at = 0; at < least.length && runs < smallerRunsMax; runs++) {
      const without = new Uint8Array(Buffer.concat([least.subarray(0, at), least.subarray(at + size)]))
      const same = await tried(subject, without)
      if (same?.kind === fault.kind && same.what === fault.what) least = without
      else at += size
    }
  }
  return least
}
