/**
 * Core's files, which Node alone has.
 *
 * @packageDocumentation
 */
export { fileSystem } from './file-system.js';
export { jsonLines } from './json-lines.js';
export type { StepWriter } from './step-writer.js';
export { type ScalarEvent, tensorBoard, tensorBoardEvents } from './tensor-board.js';
