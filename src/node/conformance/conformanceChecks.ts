import { accessTokenChecks } from "./checks/accessTokenChecks.ts";
import { cookieChecks } from "./checks/cookieChecks.ts";
import { crossSiteChecks } from "./checks/crossSiteChecks.ts";
import { deviceChecks } from "./checks/deviceChecks.ts";
import { endpointChecks } from "./checks/endpointChecks.ts";
import { limitChecks } from "./checks/limitChecks.ts";
import { rotationChecks } from "./checks/rotationChecks.ts";
import { sessionChecks } from "./checks/sessionChecks.ts";
import type { ConformanceCheck } from "./conformanceCheck.ts";

/** Everything that PROTOCOL.md lets a caller see from outside, in its order. */
export const conformanceChecks: readonly ConformanceCheck[] = [
  ...endpointChecks,
  ...accessTokenChecks,
  ...rotationChecks,
  ...sessionChecks,
  ...cookieChecks,
  ...crossSiteChecks,
  ...deviceChecks,
  ...limitChecks,
];
