/** Style of a report: system fonts, both colour schemes from the reader's setting, narrow screens and paper. */
export const reportStyle = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #57606a; --line: #d5d9de; --tint: #f3f5f7;
  --accent: #0b62c4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e6ea; --paper: #14171b; --soft: #a2abb5; --line: #333a42;
  --tint: #1d2228; --accent: #7db8ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
  background: var(--paper); color: var(--ink); }
main, header, nav { max-width: 1460px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 28px; }
main { padding-bottom: 56px; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .2rem; overflow-wrap: anywhere; }
p, .verdict { margin: .2rem 0 .9rem; max-width: 80ch; }
.soft, figcaption small, dt { color: var(--soft); }
.verdict { padding: 0 0 0 1.1rem; }
.verdict li { margin: .25rem 0; }
.warning { border-left: 4px solid #d9822b; padding-left: 1.6rem; }
a { color: var(--accent); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: 1rem 0 0; }
nav .skip { position: absolute; left: -999px; }
nav .skip:focus { left: 8px; top: 8px; background: var(--paper); padding: .4rem; }
.legend { list-style: none; padding: 0; margin: 1rem 0; display: grid; gap: .15rem 1.2rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); }
.legend li { display: grid; grid-template-columns: 34px 1fr; align-items: baseline; overflow-wrap: anywhere; }
.swatch { margin-right: .5em; }
.legend svg { width: 28px; height: 10px; }
.legend small { color: var(--soft); }
.wide { overflow-x: auto; max-height: 85vh; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .87rem; }
caption { text-align: left; color: var(--soft); caption-side: top; }
caption span { display: block; position: sticky; left: 0; padding: .5rem .7rem; max-width: min(90ch, 86vw); }
caption b { color: var(--ink); }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
.text { text-align: left; }
td.notes { white-space: normal; min-width: 34ch; }
thead th { position: sticky; top: 0; background: var(--tint); z-index: 1; font-weight: 500; }
tbody th { position: sticky; left: 0; background: var(--paper); text-align: left; font-weight: 600; }
th.own { background: var(--tint); }
tbody tr:hover > * { background: var(--tint); }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: 6px;
  padding: .1rem .55rem; cursor: pointer; }
button:hover { border-color: var(--soft); }
th button { border: 0; padding: 0; }
th button::after { content: " ↕"; opacity: .4; }
th[aria-sort=ascending] button::after { content: " ↑"; opacity: 1; }
th[aria-sort=descending] button::after { content: " ↓"; opacity: 1; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.save { display: flex; flex-wrap: wrap; gap: .4rem; margin: .5rem 0 1.4rem; font-size: .85rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); gap: 18px; }
figure { margin: 0; border: 1px solid var(--line); border-radius: 8px; padding: 10px 10px 6px; break-inside: avoid; }
figcaption { display: flex; flex-wrap: wrap; gap: .4rem; align-items: baseline; font-weight: 600; margin-bottom: 4px; }
figcaption span { flex: 1 1 12ch; overflow-wrap: anywhere; }
figcaption button { font-size: .78rem; font-weight: 400; color: var(--soft); }
figure svg { width: 100%; height: auto; display: block; overflow: visible; }
details > summary { cursor: pointer; margin: 2.4rem 0 .2rem; }
summary h2 { display: inline; }
pre { background: var(--tint); padding: .8rem; border-radius: 8px; overflow: auto; max-height: 60vh; font-size: .85rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: .6rem 0; }
dd { margin: 0; overflow-wrap: anywhere; }
.script { display: none; }
.scripted .script { display: initial; }
.scripted .save.script, .scripted td .script { display: flex; }
@media (max-width: 600px) {
  main, header, nav { padding-left: 14px; padding-right: 14px; }
  tbody th { max-width: 40vw; overflow: hidden; text-overflow: ellipsis; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
}
table.printed { font-size: 6.5pt; width: auto; }
.printed :is(th, td) { white-space: normal; padding: .1rem .25rem; } .printed td.notes { min-width: 0; }
@media print {
  h2, h2 + p, summary { break-after: avoid; }
  :root { color-scheme: light; --ink: #000; --paper: #fff; --soft: #444; --line: #bbb; --tint: #fff; }
  body { font-size: 10pt; } nav, .save, button.save, figcaption button { display: none !important; }
  .wide { overflow: visible; max-height: none; border: 0; }
  thead th, tbody th { position: static; } th button::after { content: ""; } pre { max-height: none; white-space: pre-wrap; }
  .figures { grid-template-columns: 1fr 1fr; } tr { break-inside: avoid; } a { color: inherit; }
}
`;
