import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { crc32c } from '../driver/saving/checksum.js';
import type { StepReport } from '../oracle/report.js';
import { type StepWriter, writerTo } from './step-writer.js';

/**
 * Writes step reports as scalars for TensorBoard: `sam/loss`, `sam/gradientNorm` and so on.
 *
 * @param folder - The log folder that TensorBoard is pointed at; made when missing.
 * @throws Error when the folder cannot be made. What fails later ends the writing, never the training: see `StepWriter`.
 * @example const board = tensorBoard('logs/msam'); msam(base, { onStep: board }); await board.close();
 */
export function tensorBoard(folder: string): StepWriter {
  mkdirSync(folder, { recursive: true });
  const started = Date.now();
  const file = `events.out.tfevents.${Math.floor(started / 1000)}.${hostname()}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const path = join(folder, file);
  const write = (report: StepReport): Buffer => record(eventOf(eventFrom(report)));
  return writerTo('tensorBoard', path, 'w', write, tensorBoardEvents([]));
}

const eventFrom = ({ step, ...numbers }: StepReport): ScalarEvent => ({
  step,
  wallTime: Date.now() / 1000,
  scalars: Object.fromEntries(Object.entries(numbers).map(([name, value]) => [`sam/${name}`, Number(value)])),
});

/** Numbers of one moment, by the names under which TensorBoard shows them. */
export interface ScalarEvent {
  readonly step: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Numbers that are not finite are left out. */
  readonly scalars: Readonly<Record<string, number>>;
}

/**
 * The contents of an event file, to be named `events.out.tfevents.…`, for numbers that are known already.
 *
 * @param events - In the order of their steps.
 */
export function tensorBoardEvents(events: readonly ScalarEvent[]): Buffer {
  const begin = events[0]?.wallTime ?? Date.now() / 1000;
  const version = Buffer.concat([double(1, begin), bytes(3, Buffer.from('brain.Event:2'))]);
  return Buffer.concat([record(version), ...events.map((event) => record(eventOf(event)))]);
}

/** An Event of TensorFlow's event.proto: wall time, step, and one simple value per number. */
function eventOf({ step, wallTime, scalars }: ScalarEvent): Buffer {
  const values = Object.entries(scalars)
    .filter(([, value]) => Number.isFinite(value))
    .map(([name, value]) => bytes(1, Buffer.concat([bytes(1, Buffer.from(name)), float(2, value)])));
  return Buffer.concat([double(1, wallTime), key(2, 0), varint(step), bytes(5, Buffer.concat(values))]);
}

// Protocol buffers: a key is the field's number and its wire type, then comes the value.
const key = (field: number, wireType: number) => varint((field << 3) | wireType);

function varint(value: number): Buffer {
  const groups: number[] = [];
  let rest = value;
  do {
    groups.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(groups);
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([key(field, 2), varint(value.length), value]);
}

function double(field: number, value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), buffer]);
}

function float(field: number, value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeFloatLE(value);
  return Buffer.concat([key(field, 5), buffer]);
}

/** A TFRecord: length and data, each followed by its masked CRC-32C. */
function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, maskedCrc(length), data, maskedCrc(data)]);
}

function maskedCrc(data: Buffer): Buffer {
  const crc = crc32c(data);
  const buffer = Buffer.alloc(4);
  // A rotation and a constant, so that the checksum of data that holds checksums stays strong.
  buffer.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return buffer;
}
