/** A block with its votes and validators, as the engine's own RPC tells them to whoever verifies it (`rpc/openapi`). */

/** The two answers as they came, for `readLightBlock` of the sdk. */
export interface LightBlockAnswers {
  readonly commit: Uint8Array
  readonly validators: Uint8Array
}

/** A hundred validators fit one page, and no network has more. */
const validatorsPerPage = '100'

const bodyOf = (method: string, params: object): string => JSON.stringify({ jsonrpc: '2.0', id: 0, method, params })

/** Undefined when the engine does not answer; a height that it does not have is an answer, which does not read. */
export async function fetchLightBlock(
  post: (body: string) => Promise<Uint8Array>,
  height: number,
): Promise<LightBlockAnswers | undefined> {
  try {
    const at = String(height)
    const [commit, validators] = await Promise.all([
      post(bodyOf('commit', { height: at })),
      post(bodyOf('validators', { height: at, page: '1', per_page: validatorsPerPage })),
    ])
    return { commit, validators }
  } catch {
    return undefined
  }
}
