export { type DoctorOptions, doctor } from './doctor.js';
export { type BackendState, type DoctorReport, formatDoctorReport } from './doctor-report.js';
export { missingKernels } from './missing-kernels.js';
export { prepareBackend } from './prepare-backend.js';
export type { SpeedResult } from './speed-test.js';
export {
  type Attempt,
  type BackendName,
  backendNames,
  type PreparedBackend,
  type PrepareOptions,
} from './types.js';
