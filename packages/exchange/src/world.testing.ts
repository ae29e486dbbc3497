/** The world of three members inside a test file, which removes its folders when its last test has ended. */
import { afterAll } from 'vitest'
import { removeFolders } from './three-members.testing.ts'

export { recordOf, World } from './three-members.testing.ts'

afterAll(removeFolders)
