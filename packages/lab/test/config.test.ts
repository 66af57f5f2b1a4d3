import { parseCompareConfig, type RawCompareOptions, UsageError } from '@tfjs-sam/lab';
import { describe, expect, it } from 'vitest';
import { compareDefaults } from '../src/config.js';

const parse = (given: RawCompareOptions) => parseCompareConfig(given, ['sgd', 'sam', 'asam', 'msam']);

describe('parseCompareConfig', () => {
  it('fills in the defaults that the command line shows', () => {
    expect(parse({})).toEqual({
      variants: ['sgd', 'sam', 'msam'],
      models: ['cnn', 'mlp'],
      seeds: 5,
      epochs: Number(compareDefaults.epochs),
      batchSize: 32,
      learningRate: 0.05,
      momentum: 0.9,
      rho: {},
      groups: [],
      backend: 'auto',
      workers: '',
      out: 'runs',
      name: 'compare',
      deterministic: false,
    });
  });

  it('takes wasm for determinism, unless that is what was asked for', () => {
    expect(parse({ deterministic: true })).toMatchObject({
      backend: 'wasm',
      deterministic: true,
    });
    expect(parse({ deterministic: true, backend: 'wasm' }).backend).toBe('wasm');
  });

  it('reads lists, spaces around commas, and a name given twice once', () => {
    const { variants, models } = parse({ variants: 'sam, sgd,sam', models: 'mlp' });
    expect(variants).toEqual(['sam', 'sgd']);
    expect(models).toEqual(['mlp']);
  });

  it('gives one radius to all variants, or one to each that is named', () => {
    expect(parse({ rho: '0.1' }).rho).toEqual({ sgd: 0.1, sam: 0.1, msam: 0.1 });
    expect(parse({ rho: 'msam=0.2, sam=0' }).rho).toEqual({ msam: 0.2, sam: 0 });
  });

  it.each([
    [{ seeds: '0' }, 'expected --seeds to be an integer >= 1, got "0"'],
    [{ epochs: '2.5' }, 'expected --epochs to be an integer >= 1, got "2.5"'],
    [{ epochs: '' }, 'expected --epochs to be an integer >= 1, got ""'],
    [{ batchSize: 'many' }, 'expected --batch-size to be an integer >= 1, got "many"'],
    [{ learningRate: '0' }, 'expected --learning-rate to be a number > 0, got "0"'],
    [{ learningRate: 'Infinity' }, 'expected --learning-rate to be a number > 0, got "Infinity"'],
    [{ momentum: '1' }, 'expected --momentum to be a number from 0 to below 1, got "1"'],
    [{ rho: '-1' }, 'expected --rho to be a number >= 0 or pairs like sam=0.05,msam=0.1, got "-1"'],
    [{ rho: '0.1,0.2' }, 'expected --rho to be a number >= 0 or pairs like sam=0.05,msam=0.1, got "0.1,0.2"'],
    [{ rho: 'sam=1=2' }, 'expected --rho to be a number >= 0 or pairs like sam=0.05,msam=0.1, got "sam=1=2"'],
    [{ rho: 'asam=1' }, 'expected --rho to name variants of this run, got "asam"'],
    [
      { variants: 'sgd,sma' },
      /^compare: expected --variants to name some of \[sgd, sam, .*\], got "sma"\. Did you mean "sam"/,
    ],
    [{ variants: '' }, /expected --variants to name some of \[.*\], got ""$/],
    [{ models: 'rnn' }, /expected --models to name some of \[cnn, mlp, .*\], got "rnn"\. Did you mean "cnn"/],
    [
      { backend: 'cpu', deterministic: true },
      'expected --backend to be auto or wasm with --deterministic, got "cpu"',
    ],
    [{ workers: '-1' }, 'expected --workers to be an integer >= 0, got "-1"'],
    [{ out: '' }, 'expected --out to be a folder, got ""'],
    [{ name: '../x' }, 'expected --name to have letters, digits, ".", "_" and "-" only, got "../x"'],
  ])('refuses %o in one line', (options, message) => {
    let caught: unknown;
    try {
      parse(options);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(UsageError);
    const text = (caught as Error).message;
    if (message instanceof RegExp) expect(text).toMatch(message);
    else expect(text).toBe(`compare: ${message}`);
    expect(text).not.toContain('\n');
  });
});
