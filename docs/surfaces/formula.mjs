import * as tf from '@tensorflow/tfjs-core';
import jsep from 'jsep';

// In formulas ^ is a power, to the right and before products; in JavaScript it is another operator.
jsep.addBinaryOp('^', 20, true);

const binary = {
  '+': (a, b) => tf.add(a, b),
  '-': (a, b) => tf.sub(a, b),
  '*': (a, b) => tf.mul(a, b),
  '/': (a, b) => tf.div(a, b),
  // Whole powers as products: the gradient of pow takes a logarithm, which negative numbers have none of.
  '^': (a, b) =>
    typeof b === 'number' && Number.isInteger(b) && b >= 0 && b <= 16 ? product(a, b) : tf.pow(a, b),
};

const functions = {
  exp: (value) => tf.exp(value),
  log: (value) => tf.log(value),
  sin: (value) => tf.sin(value),
  cos: (value) => tf.cos(value),
  tanh: (value) => tf.tanh(value),
  sqrt: (value) => tf.sqrt(value),
  abs: (value) => tf.abs(value),
};

const constants = { pi: Math.PI, e: Math.E };

function product(value, count) {
  return Array.from({ length: count }, () => value).reduce((so, next) => tf.mul(so, next), tf.scalar(1));
}

/**
 * The loss that a formula of x and y means. The text is parsed, never run as code.
 *
 * @param {string} text - A formula, of at most 200 characters.
 * @returns {(x: tf.Tensor, y: tf.Tensor) => tf.Tensor}
 * @throws Error that names the part of the text that has no meaning, and what has.
 */
export function lossOf(text) {
  if (text.length > 200) throw new Error(`expected a formula of at most 200 characters, got ${text.length}`);
  const tree = jsep(text);
  const evaluate = meaning(tree);
  return (x, y) => tf.add(evaluate({ x, y }), 0);
}

function meaning(node) {
  switch (node.type) {
    case 'Literal': {
      const { value } = node;
      if (typeof value !== 'number') throw new Error(`expected a number, got ${JSON.stringify(value)}`);
      return () => value;
    }
    case 'Identifier': {
      const { name } = node;
      if (name === 'x' || name === 'y') return (at) => at[name];
      if (Object.hasOwn(constants, name)) return () => constants[name];
      throw new Error(`expected x, y, pi or e, got "${name}"`);
    }
    case 'UnaryExpression': {
      const { operator, argument } = node;
      const inner = meaning(argument);
      if (operator === '+') return inner;
      if (operator === '-') return (at) => tf.neg(inner(at));
      throw new Error(`expected + or -, got "${operator}"`);
    }
    case 'BinaryExpression': {
      const { operator, left, right } = node;
      if (!Object.hasOwn(binary, operator))
        throw new Error(`expected one of [${Object.keys(binary).join(' ')}], got "${operator}"`);
      const [a, b] = [meaning(left), meaning(right)];
      return (at) => binary[operator](a(at), b(at));
    }
    case 'CallExpression': {
      const { callee, arguments: given } = node;
      const name = callee.type === 'Identifier' ? callee.name : '';
      if (!Object.hasOwn(functions, name) || given.length !== 1)
        throw new Error(
          `expected one of [${Object.keys(functions).join(', ')}] of one value, got "${name}" of ${given.length}`,
        );
      const inner = meaning(given[0]);
      return (at) => functions[name](inner(at));
    }
    default:
      throw new Error('expected one formula, as in (1 - x)^2 + 10 * (y - x^2)^2');
  }
}
