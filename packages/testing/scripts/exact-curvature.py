"""Exact curvature of ten small networks, in float64, by JAX's automatic differentiation twice.

Writes ../fixtures/exact-curvature.json. Run:  python3 -m venv v && v/bin/pip install jax && v/bin/python exact-curvature.py [NAME …]

A network is a list of layers (NETWORKS), interpreted here and by ../src/exact-networks.ts in the same way. Weights are drawn
by the generator of core's seededSampler, trained here for some steps of gradient descent with momentum (SAM where it says so),
and rounded to float32; all numbers are of the rounded ones. Inputs and labels are drawn by the same generator.
"""

import base64
import json
import os
import pathlib
import sys

# The weights are constants of the compiled functions: folding them takes minutes and gains nothing.
os.environ.setdefault('XLA_FLAGS', '--xla_disable_hlo_passes=constant_folding')

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update('jax_enable_x64', True)


def generator(seed, step, index):
    """xoshiro128** as in core/src/algebra/random.ts."""
    mask = 0xFFFFFFFF
    mixed = seed & mask

    def mix(word):
        nonlocal mixed
        mixed = ((mixed ^ word ^ 0x9E3779B9) * 0x85EBCA6B) & mask
        mixed = ((mixed ^ (mixed >> 13)) * 0xC2B2AE35) & mask
        mixed ^= mixed >> 16
        return mixed

    mix(step)
    mix(index)
    a, b, c, d = mix(1), mix(2), mix(3), mix(4)
    while True:
        product = (b * 5) & mask
        result = (((product << 7) | (product >> 25)) * 9) & mask
        shifted = (b << 9) & mask
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = ((d << 11) | (d >> 21)) & mask
        yield result


def uniform(seed, shape):
    """Uniform in [-1, 1), exact in float32."""
    g = generator(seed, 0, 0)
    size = int(np.prod(shape))
    values = [(next(g) >> 8) / 0x1000000 for _ in range(size)]
    return (np.array(values) * 2 - 1).reshape(shape)


def relu(x):
    return jnp.where(x > 0, x, 0)


SELU = (1.0507009873554805, 1.7580993408473768)

ACTIVATIONS = {
    'relu': relu,
    'tanh': jnp.tanh,
    'leakyRelu': lambda x: jnp.where(x > 0, x, 0.2 * x),
    # Entries beyond 6, too.
    'relu6': lambda x: jnp.clip(6 * x, 0, 6) / 6,
    'abs': jnp.abs,
    'clip': lambda x: jnp.clip(x, -0.4, 0.6),
    'hardSigmoid': lambda x: jnp.clip(0.2 * (4 * x) + 0.5, 0, 1),
    'elu': lambda x: jnp.where(x > 0, x, jnp.expm1(x)),
    'selu': lambda x: jnp.where(x > 0, SELU[0] * x, SELU[1] * jnp.expm1(x)),
    'mod': lambda x: x - 1.5 * jnp.floor(x / 1.5),
    'softSign': lambda x: x / (1 + jnp.abs(x)),
    'signedSquare': lambda x: jnp.where(x > 0.1, x * x, 0.2 * x - 0.3),
}


def conv(x, w, stride):
    return jax.lax.conv_general_dilated(x, w, (stride, stride), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC'))


def max_pool(x):
    b, h, w, c = x.shape
    x = x.reshape(b, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 5, 2, 4).reshape(b, h // 2, w // 2, c, 4)
    return jnp.take_along_axis(x, jax.lax.stop_gradient(jnp.argmax(x, -1))[..., None], -1)[..., 0]


def overlapping_max_pool(x):
    """Windows of 3 x 3 every 2, nothing added at the borders."""
    return -jax.lax.reduce_window(-x, jnp.inf, jax.lax.min, (1, 3, 3, 1), (1, 2, 2, 1), 'VALID')


def normalise(x, axes, epsilon):
    mean = x.mean(axes, keepdims=True)
    variance = ((x - mean) ** 2).mean(axes, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + epsilon)


def shapes_of(layers, shape):
    """Weight shapes of the layers for inputs of a shape without batch, and the shape of their outputs."""
    found = []
    for layer in layers:
        kind, *args = layer
        if kind == 'dense':
            found += [(shape[-1], args[0]), (args[0],)]
            shape = (*shape[:-1], args[0])
        elif kind == 'conv':
            filters, size, stride = args
            found += [(size, size, shape[-1], filters), (filters,)]
            shape = (-(-shape[0] // stride), -(-shape[1] // stride), filters)
        elif kind in ('batchNorm', 'layerNorm'):
            found += [(shape[-1],), (shape[-1],)]
        elif kind == 'maxPool':
            shape = (shape[0] // 2, shape[1] // 2, shape[2])
        elif kind == 'overlappingMaxPool':
            shape = ((shape[0] - 3) // 2 + 1, (shape[1] - 3) // 2 + 1, shape[2])
        elif kind in ('prelu', 'scaledBy'):
            found += [(shape[-1],)]
        elif kind == 'maxout':
            shape = (*shape[:-1], shape[-1] // args[0])
        elif kind == 'largest':
            shape = shape[-1:]
        elif kind == 'flatten':
            shape = (int(np.prod(shape)),)
        elif kind == 'tokens':
            shape = (shape[0] * shape[1], shape[2])
        elif kind == 'meanTokens':
            shape = shape[-1:]
        elif kind == 'residual':
            inner, _ = shapes_of(args[0], shape)
            found += inner
        elif kind == 'attention':
            n = shape[-1]
            found += [(n, 3 * n), (n, n)]
        elif kind == 'position':
            found += [shape]
        elif kind == 'lstm':
            units = args[0]
            found += [(shape[-1], 4 * units), (units, 4 * units), (4 * units,)]
            shape = (units,)
    return found, shape


def apply(layers, weights, x):
    """The layers' outputs; takes its weights off the front of the list."""
    for layer in layers:
        kind, *args = layer
        if kind == 'dense':
            x = x @ weights.pop(0) + weights.pop(0)
        elif kind == 'conv':
            x = conv(x, weights.pop(0), args[2]) + weights.pop(0)
        elif kind in ACTIVATIONS:
            x = ACTIVATIONS[kind](x)
        elif kind == 'batchNorm':
            x = normalise(x, tuple(range(x.ndim - 1)), 1e-3) * (1 + weights.pop(0)) + weights.pop(0)
        elif kind == 'layerNorm':
            x = normalise(x, (-1,), 1e-3) * (1 + weights.pop(0)) + weights.pop(0)
        elif kind == 'maxPool':
            x = max_pool(x)
        elif kind == 'overlappingMaxPool':
            x = overlapping_max_pool(x)
        elif kind == 'prelu':
            x = jnp.where(x > 0, x, weights.pop(0) * x)
        elif kind == 'scaledBy':
            x = x * (1 + weights.pop(0))
        elif kind == 'maxout':
            x = x.reshape(*x.shape[:-1], -1, args[0]).max(-1)
        elif kind == 'largest':
            x = x.max((1, 2))
        elif kind == 'bounded':
            x = jnp.minimum(jnp.maximum(x, -x[..., ::-1]), 0.9)
        elif kind == 'inferenceNorm':
            x = (x - 0.05) / np.sqrt(0.3 + 1e-3)
        elif kind == 'flatten':
            x = x.reshape(x.shape[0], -1)
        elif kind == 'tokens':
            x = x.reshape(x.shape[0], -1, x.shape[-1])
        elif kind == 'meanTokens':
            x = x.mean(tuple(range(1, x.ndim - 1)))
        elif kind == 'position':
            x = x + weights.pop(0)
        elif kind == 'residual':
            x = x + apply(args[0], weights, x)
        elif kind == 'attention':
            q, k, v = jnp.split(x @ weights.pop(0), 3, -1)
            x = jax.nn.softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]), -1) @ v @ weights.pop(0)
        elif kind == 'lstm':
            w, u, bias = weights.pop(0), weights.pop(0), weights.pop(0)
            h = c = jnp.zeros((x.shape[0], args[0]))
            for t in range(x.shape[1]):
                i, f, g, o = jnp.split(x[:, t] @ w + h @ u + bias, 4, -1)
                c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
                h = jax.nn.sigmoid(o) * jnp.tanh(c)
            x = h
        else:
            raise ValueError(kind)
    return x


block = lambda n, act: [['conv', n, 3, 1], ['batchNorm'], [act], ['conv', n, 3, 1], ['batchNorm']]

# name: layers, input shape, batch, steps, rho, loss
NETWORKS = {
    'mlp-relu': ([['dense', 24], ['relu'], ['dense', 16], ['relu'], ['dense', 4]], (8,), 64, 200, 0),
    'mlp-relu-sam': ([['dense', 32], ['relu'], ['dense', 16], ['relu'], ['dense', 4]], (8,), 64, 200, 0.1),
    'mlp-tanh': ([['dense', 24], ['tanh'], ['dense', 4]], (8,), 64, 200, 0),
    'mlp-tanh-squared': ([['dense', 20], ['tanh'], ['dense', 3]], (8,), 64, 200, 0),
    'cnn-relu-pool': ([['conv', 6, 3, 1], ['relu'], ['maxPool'], ['conv', 8, 3, 1], ['relu'], ['maxPool'], ['flatten'], ['dense', 4]], (8, 8, 1), 64, 150, 0.05),
    'cnn-relu-bn': ([['conv', 5, 3, 1], ['batchNorm'], ['relu'], ['conv', 5, 3, 2], ['batchNorm'], ['relu'], ['flatten'], ['dense', 4]], (8, 8, 1), 64, 60, 0),
    'cnn-tanh-pool': ([['conv', 6, 3, 1], ['tanh'], ['maxPool'], ['conv', 6, 3, 2], ['tanh'], ['flatten'], ['dense', 4]], (8, 8, 1), 64, 150, 0),
    'resnet': ([['conv', 4, 3, 1], ['batchNorm'], ['relu'], ['residual', block(4, 'relu')], ['relu'], ['conv', 5, 3, 2], ['relu'], ['residual', block(5, 'relu')], ['relu'], ['meanTokens'], ['dense', 4]], (8, 8, 1), 48, 60, 0),
    'lstm': ([['lstm', 10], ['dense', 4]], (6, 5), 64, 200, 0),
    'vit': ([['conv', 8, 2, 2], ['tokens'], ['position'], ['residual', [['layerNorm'], ['attention']]], ['residual', [['layerNorm'], ['dense', 16], ['relu'], ['dense', 8]]], ['layerNorm'], ['meanTokens'], ['dense', 4]], (8, 8, 1), 64, 100, 0),
    # Of kinks of every kind; their losses have some as well.
    'kinks-dense': ([['dense', 16], ['leakyRelu'], ['dense', 12], ['relu6'], ['dense', 12], ['abs'], ['dense', 12], ['clip'], ['dense', 10], ['hardSigmoid'], ['dense', 10], ['prelu'], ['dense', 4]], (8,), 64, 200, 0),
    'kinks-conv': ([['conv', 6, 3, 1], ['inferenceNorm'], ['scaledBy'], ['leakyRelu'], ['overlappingMaxPool'], ['conv', 6, 3, 1], ['elu'], ['conv', 6, 3, 1], ['bounded'], ['largest'], ['dense', 8], ['selu'], ['dense', 4]], (8, 8, 1), 64, 100, 0),
    'kinks-choices': ([['dense', 24], ['maxout', 2], ['dense', 12], ['signedSquare'], ['dense', 10], ['mod'], ['dense', 10], ['softSign'], ['dense', 4]], (8,), 64, 20, 0),
    # For Hessian-vector products alone: a dense Hessian would have 2e10 entries.
    'mlp-relu-large': ([['dense', 320], ['relu'], ['dense', 320], ['relu'], ['dense', 10]], (100,), 128, 60, 0),
}
LARGE = {'mlp-relu-large'}
LOSSES = {'kinks-conv': 'huber', 'kinks-choices': 'squaredHinge'}


def flat(parts):
    return jnp.concatenate([jnp.ravel(p) for p in parts])


def stored(x):
    """Base64 of float32, little-endian."""
    return base64.b64encode(np.asarray(x, dtype='<f4').tobytes()).decode()


def reference(seed, name):
    layers, shape, batch, steps, rho = NETWORKS[name]
    kind = LOSSES.get(name, 'squared' if name.endswith('squared') else 'softmax')
    shapes, (outputs,) = shapes_of(layers, shape)
    sizes = [int(np.prod(s)) for s in shapes]
    x = jnp.array(uniform(seed, (batch, *shape)))
    labels = np.floor((uniform(seed + 1000, (batch,)) + 1) / 2 * outputs).astype(int)
    targets = jnp.eye(outputs)[labels]

    def unflat(theta):
        parts = jnp.split(theta, np.cumsum(sizes)[:-1])
        return [p.reshape(s) for p, s in zip(parts, shapes)]

    outputs_of = lambda theta: apply(layers, unflat(theta), x)

    def loss_of(f):
        if kind == 'squared':
            return 0.5 * ((f - targets) ** 2).sum(-1).mean()
        if kind == 'huber':
            error = jnp.abs(f - targets)
            return jnp.where(error <= 0.3, 0.5 * error**2, 0.3 * error - 0.045).mean()
        if kind == 'squaredHinge':
            return (relu(1 - (2 * targets - 1) * f) ** 2).mean()
        return -(jax.nn.log_softmax(f) * targets).sum(-1).mean()

    penalty = 1e-3 if name.startswith('kinks') else 0
    loss = lambda theta: loss_of(outputs_of(theta)) + penalty * jnp.abs(theta).sum()
    initial = []
    for i, s in enumerate(shapes):
        fan_in = int(np.prod(s[:-1])) if len(s) > 1 else 0
        # Norm scales are 1 + weight, and biases start small rather than at 0, where kinks would be ties.
        initial.append(uniform(seed + 10 + i, s) * (np.sqrt(4 / fan_in) if fan_in else 0.1))
    theta = flat(initial)
    gradient = jax.jit(jax.grad(loss))
    velocity = jnp.zeros_like(theta)
    rate = 0.02 if kind != 'softmax' or name == 'lstm' else 0.05
    for _ in range(steps):
        g = gradient(theta)
        if rho:
            g = gradient(theta + rho * g / jnp.linalg.norm(g))
        velocity = 0.9 * velocity + g
        theta = theta - rate * velocity
    theta = jnp.array(np.asarray(theta, dtype=np.float32), dtype=jnp.float64)

    hvp = jax.jit(lambda v: jax.jvp(gradient, (theta,), (v,))[1])
    direction = uniform(seed + 500, (theta.size,))
    direction = jnp.array(np.asarray(direction / np.linalg.norm(direction), dtype=np.float32), dtype=jnp.float64)
    result = {
        'layers': layers, 'inputShape': shape, 'batch': batch, 'outputs': outputs, 'seed': seed, 'shapes': shapes,
        'loss': kind, 'penalty': penalty, 'theta': stored(theta), 'direction': stored(direction),
        'value': float(loss(theta)), 'gradient': stored(gradient(theta)), 'hessianVectorProduct': stored(hvp(direction)),
    }

    def gauss_newton(v):
        f, tangent = jax.jvp(outputs_of, (theta,), (v,))
        curved = jax.jvp(jax.grad(loss_of), (f,), (tangent,))[1]
        return jax.vjp(outputs_of, theta)[1](curved)[0]

    gauss_newton = jax.jit(gauss_newton)
    result['gaussNewtonVectorProduct'] = stored(gauss_newton(direction))
    if name not in LARGE:
        for key, product in (('hessian', hvp), ('gaussNewton', gauss_newton)):
            rows = [np.asarray(jax.vmap(product)(b)) for b in jnp.array_split(jnp.eye(theta.size), -(-theta.size // 64))]
            dense = np.concatenate(rows)
            asymmetry = np.abs(dense - dense.T).max() / np.abs(dense).max()
            assert asymmetry < 1e-10, (name, asymmetry)
            values = np.linalg.eigvalsh((dense + dense.T) / 2)
            result[key] = {
                'eigenvalues': sorted(values.tolist(), key=lambda v: -abs(v))[:10],
                'smallest': float(values[0]), 'largest': float(values[-1]),
                'trace': float(np.trace(dense)), 'frobeniusSquared': float((dense**2).sum()), 'diagonal': stored(np.diag(dense)),
            }
    print(name, theta.size, result['value'], result.get('hessian', {}).get('eigenvalues', [])[:3], result.get('hessian', {}).get('trace'), flush=True)
    return result


if __name__ == '__main__':
    path = pathlib.Path(__file__).parent / '../fixtures/exact-curvature.json'
    results = json.loads(path.read_text()) if path.exists() else {}
    for i, name in enumerate(NETWORKS):
        if name in (sys.argv[1:] or NETWORKS):
            results[name] = reference(1 + 7 * i, name)
            path.write_text(json.dumps(results, indent=1) + '\n')
