export { type Outcome, simulate } from './run.ts'
