import type { StudyResults } from '../src/results.js';

/** Markup that would run, fetch, or break out of where it stands. */
const evil = '<img src=x onerror="document.title=1"><script>document.title=1</script>\'"&</script><!--';

/** Results in which every text is markup. */
export function hostileResults(given: StudyResults): StudyResults {
  const arms = given.arms.map((arm) => ({
    ...arm,
    name: `${arm.name}${evil}`,
    group: `${arm.group}${evil}`,
    summary: evil,
    source: evil,
    options: { ...arm.options, [`a.${evil}`]: `${arm.name}${evil}` },
  }));
  return {
    ...given,
    name: evil,
    description: evil,
    configuration: evil,
    folder: evil,
    arms,
    baseline: arms[0]!.name,
    measures: given.measures.map((measure) => ({ ...measure, title: `${measure.title}${evil}` })),
    tasks: given.tasks.map((task) => ({ ...task, summary: evil })),
    trials: given.trials.map((trial) => ({
      ...trial,
      arm: `${trial.arm}${evil}`,
      ...(trial.reason !== undefined && { reason: evil }),
      figures: [
        {
          kind: 'line',
          title: evil,
          points: [
            [0, 1],
            [1, 2],
          ],
        },
      ],
    })),
    provenance: { ...given.provenance, command: evil, git: evil, environment: { [evil]: evil } },
  };
}
