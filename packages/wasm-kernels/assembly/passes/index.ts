// What optimizers do to vectors of the weights' size, in a module of its own: for those who ask for it.
export { draw } from './draw';
export { fill, pass } from './pass';
