import { measure } from '@tfjs-sam/sharpness';

const { spectrum, worstCase, average, reliable, cost } = await measure(model, { x, y }, { spectrum: { count: 3 } });

export {};
