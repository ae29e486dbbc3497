/** What staff do with the contracts of which the member keeps a book. */
import { prescriptionFhirRoute } from './prescription-fhir-routes.ts'
import { prescriptionRoutes } from './prescription-routes.ts'
import { rebateRoutes } from './rebate-routes.ts'
import type { Route } from './route.ts'
import { supplyRoutes } from './supply-routes.ts'

export function bookRoutes(): readonly Route[] {
  return [...prescriptionRoutes(), prescriptionFhirRoute, ...rebateRoutes(), ...supplyRoutes()]
}
