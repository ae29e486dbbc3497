/**
 * One of the engine's four connections (consensus, mempool, query, snapshot). Answers leave in the order of the requests;
 * only checks of the mempool, which change nothing, are under way together.
 */
import type { Duplex } from 'node:stream'
import { FrameReader, type FrameRefusal, frame } from './frames.ts'
import { type AbciRequest, type AbciResponse, type RequestRefusal, readRequest, writeResponse } from './messages.ts'

export type ConnectionRefusal = FrameRefusal | RequestRefusal

export interface ConnectionOptions {
  readonly stream: Duplex
  readonly answer: (request: AbciRequest) => AbciResponse | Promise<AbciResponse>
  /** What came is no ABCI: the connection was closed, since nothing behind it can be read. */
  readonly onRefused: (refusal: ConnectionRefusal) => void
  /** An answer could not be made: the process must not go on. The connection was closed. */
  readonly onFailure: (error: unknown) => void
  readonly onClosed: () => void
}

export interface Connection {
  /** Drops what is under way; nothing is answered any more. */
  close(): void
}

/** These change nothing, and wait for nothing but their place in the order of answers. */
const barely: ReadonlySet<AbciRequest['type']> = new Set(['checkTx', 'echo', 'flush'])

/** The engine has 256 checks in flight; beyond this it is made to wait. */
const pendingMax = 1_024

interface Slot {
  readonly request: AbciRequest
  response: Uint8Array | undefined
}

export function serveConnection({ stream, answer, onRefused, onFailure, onClosed }: ConnectionOptions): Connection {
  const frames = new FrameReader()
  /** Answers that were asked for and not sent, in order; the first `started` of them are being made. */
  const slots: Slot[] = []
  let started = 0
  let working = 0
  let exclusive = false
  let corked = false
  let closed = false

  function close(): void {
    if (closed) return
    closed = true
    stream.destroy()
    onClosed()
  }

  function received(chunk: Uint8Array): void {
    if (closed) return
    const whole = frames.push(chunk)
    if (!whole.ok) {
      refuse(whole.reason)
      return
    }
    for (const message of whole.value) {
      const request = readRequest(message)
      if (!request.ok) {
        refuse(request.reason)
        return
      }
      slots.push({ request: request.value, response: undefined })
    }
    if (slots.length > pendingMax) stream.pause()
    pump()
  }

  function refuse(refusal: ConnectionRefusal): void {
    close()
    onRefused(refusal)
  }

  function pump(): void {
    while (!closed && started < slots.length && !exclusive) {
      const slot = slots[started] as Slot
      const together = barely.has(slot.request.type)
      if (!together && working > 0) break
      started += 1
      begin(slot, together)
    }
    send()
  }

  function begin(slot: Slot, together: boolean): void {
    try {
      const answered = answer(slot.request)
      if (!(answered instanceof Promise)) {
        slot.response = writeResponse(answered)
        return
      }
      working += 1
      exclusive = !together
      answered
        .then((response) => {
          working -= 1
          exclusive = false
          slot.response = writeResponse(response)
          pump()
        })
        .catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  function failed(error: unknown): void {
    if (closed) return
    close()
    onFailure(error)
  }

  /** What is answered from the first on. Answers of one turn go in one write: the call costs more than the answer. */
  function send(): void {
    if (closed || !slots[0]?.response) return
    if (!corked) {
      corked = true
      stream.cork()
      process.nextTick(() => {
        corked = false
        stream.uncork()
      })
    }
    let takesMore = true
    while (slots[0]?.response) {
      takesMore = stream.write(frame(slots[0].response))
      slots.shift()
      started -= 1
    }
    if (!takesMore) stream.pause()
    else if (slots.length <= pendingMax / 2 && !stream.writableNeedDrain) stream.resume()
  }

  stream.on('data', received)
  stream.on('drain', () => {
    if (!closed && slots.length <= pendingMax) stream.resume()
  })
  // A peer that went away says so by an error or an end; either way there is nobody to answer.
  stream.on('error', close)
  stream.on('end', close)
  stream.on('close', close)
  return { close }
}
