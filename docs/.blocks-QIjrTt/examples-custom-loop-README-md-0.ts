// const { value, grads } = tf.variableGrads(loss, variables);
const { value, grads } = optimizer.computeGradients(loss, variables);

export {};
