/** A block with its votes and validators, as the engine's own RPC tells them to whoever verifies it (`rpc/openapi`). */
import type { LightQuestion } from './light-questions.ts'

/** The two answers as they came, for `readLightBlock` of the sdk. */
export interface LightBlockAnswers {
  readonly commit: Uint8Array
  readonly validators: Uint8Array
}

/** An answer to one question; undefined when there is none. */
export type AskLight = (question: LightQuestion) => Promise<Uint8Array | undefined>

/** Undefined when nobody answers; a height that the engine does not have is an answer, which does not read. */
export async function fetchLightBlock(ask: AskLight, height: number): Promise<LightBlockAnswers | undefined> {
  const commit = await ask({ method: 'commit', height, id: 0 })
  const validators = commit && (await ask({ method: 'validators', height, id: 0 }))
  return validators && { commit, validators }
}
