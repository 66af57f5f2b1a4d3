// The images alone, of all that the package has: a bundler keeps all of a package that is imported when it is needed.
export { loadDigits } from '@tfjs-sam/datasets';
