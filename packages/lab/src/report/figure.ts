import type { Table } from './table.js';

/** A drawing with the numbers that it shows. */
export interface ReportFigure {
  /** Name of its files. */
  readonly id: string;
  readonly title: string;
  /** An SVG element. */
  readonly svg: string;
  readonly data: Table;
}

/** Figures under one heading. */
export interface FigureGroup {
  readonly title: string;
  /** Help in reading them. */
  readonly caption: string;
  readonly figures: readonly ReportFigure[];
  /** Shut at first where there are many. */
  readonly secondary?: boolean;
}
