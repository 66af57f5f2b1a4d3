/**
 * Script of a report: sorts tables, saves figures and tables as files, copies the configuration.
 *
 * The page says everything without it too.
 */
export const reportScript = `
const files = JSON.parse(document.getElementById('files').textContent);
const types = { csv: 'text/csv', md: 'text/markdown', tex: 'application/x-tex', svg: 'image/svg+xml' };
function save(name, part) {
  const type = types[name.split('.').pop()] ?? 'application/octet-stream';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([part], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
function svgFile(figure) {
  const copy = figure.querySelector('svg').cloneNode(true);
  copy.setAttribute('style', 'background:#fff;color:#1b1f24;font-family:sans-serif');
  return new XMLSerializer().serializeToString(copy);
}
function sort(button) {
  const head = button.closest('th');
  const place = [...head.parentNode.children].indexOf(head);
  const up = head.getAttribute('aria-sort') !== 'ascending';
  for (const other of head.parentNode.children) if (other.hasAttribute('aria-sort')) other.setAttribute('aria-sort', 'none');
  head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
  const body = head.closest('table').tBodies[0];
  const key = (row) => { const { v = '' } = row.children[place].dataset; return v === '' || Number.isNaN(Number(v)) ? v : Number(v); };
  const order = (a, b) => {
    // Cells without a number come last either way.
    if (a === '' || b === '') return (a === '') - (b === '');
    const less = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
    return up ? less : -less;
  };
  body.append(...[...body.rows].map((row) => [key(row), row]).sort(([a], [b]) => order(a, b)).map(([, row]) => row));
}
document.documentElement.classList.add('scripted');
document.addEventListener('click', async ({ target }) => {
  const button = target.closest('button');
  if (!button) return;
  const { file, svg, copy } = button.dataset;
  if (button.closest('thead')) sort(button);
  else if (svg) save(svg, svgFile(button.closest('figure')));
  else if (file) save(file, file.endsWith('.parquet') ? bytes(files[file]) : files[file]);
  else if (copy) {
    const text = document.getElementById(copy).textContent;
    try { await navigator.clipboard.writeText(text); button.textContent = 'Copied'; }
    catch { getSelection().selectAllChildren(document.getElementById(copy)); button.textContent = 'Selected: press Ctrl+C'; }
  }
});
// Paper does not scroll: a table that does not fit a page with its lines broken either is drawn smaller.
const pageWidth = 690;
addEventListener('beforeprint', () => {
  for (const part of document.querySelectorAll('details')) part.open = true;
  for (const table of document.querySelectorAll('table')) {
    table.classList.add('printed');
    if (table.offsetWidth <= pageWidth) continue;
    table.style.width = pageWidth + 'px';
    const needed = table.offsetWidth;
    table.style.width = needed + 'px';
    table.style.zoom = pageWidth / needed;
  }
});
addEventListener('afterprint', () => {
  for (const table of document.querySelectorAll('table')) {
    table.classList.remove('printed');
    table.style.width = table.style.zoom = '';
  }
});
`;
