'use strict';
// Draws the report from the JSON in the page. Texts from the database are set as text, never as HTML.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const charts = [];
  const outcome = { cards: 0, drawn: 0, errors: [] };
  window.report = outcome; // for tests
  window.addEventListener('error', (event) => outcome.errors.push(String(event.message)));

  function make(tag, text, className) {
    const node = document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = text;
    if (className) node.className = className;
    return node;
  }
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const series = () => [0, 1, 2, 3, 4, 5, 6, 7].map((i) => css('--c' + i));

  // ------------------------------------------------------------------ numbers and units
  const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
  function plain(value, digits = 2) {
    return new Intl.NumberFormat(data.locale, { maximumFractionDigits: digits }).format(value);
  }
  // `short` where there is little room: 8.4Cr, 1.2M.
  function show(value, unit, short) {
    if (value === null || value === undefined) return '–';
    if (!isNumber(value)) return String(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?([+-]\d\d:\d\d)?$/, '$1 $2').replace(/ 00:00$/, '');
    const notation = short && Math.abs(value) >= 10000 ? { notation: 'compact', maximumFractionDigits: 1 } : { maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0 };
    if (unit === 'money') {
      return new Intl.NumberFormat(data.locale, data.currency ? { style: 'currency', currency: data.currency, minimumFractionDigits: 0, ...notation } : notation).format(value);
    }
    if (unit === 'percent') return plain(value, 1) + ' %';
    if (unit === 'ratio') return plain(value * 100, 1) + ' %';
    const number = new Intl.NumberFormat(data.locale, notation).format(value);
    return unit && !short ? number + ' ' + unit : number;
  }
  const tile = (value, unit) => show(value, unit, true) + (isNumber(value) && unit && !['money', 'percent', 'ratio'].includes(unit) ? ' ' + unit : '');
  const unitName = (unit) => (unit === 'money' ? data.currency || 'money' : unit === 'percent' || unit === 'ratio' ? '%' : unit);

  // ------------------------------------------------------------------ tables
  function tableOf(rows, unit) {
    const names = Object.keys(rows[0]);
    const table = make('table');
    const head = table.appendChild(make('thead')).appendChild(make('tr'));
    const numeric = names.map((name) => rows.every((row) => row[name] === null || isNumber(row[name])));
    names.forEach((name, i) => { const cell = head.appendChild(make('th', name, numeric[i] ? 'number' : '')); cell.scope = 'col'; });
    const body = table.appendChild(make('tbody'));
    for (const row of rows) {
      const line = body.appendChild(make('tr'));
      names.forEach((name, i) => {
        const cell = line.appendChild(make('td', show(row[name], numeric[i] && i > 0 && (unit === 'money' || /^(revenue|amount)$/.test(name)) ? 'money' : ''), numeric[i] ? 'number' : ''));
        cell.dir = 'auto';
      });
    }
    const box = make('div', null, 'scroll');
    box.tabIndex = 0; // scrolls by keyboard
    box.append(table);
    return box;
  }

  // ------------------------------------------------------------------ charts
  // Rows are label, value, value, ... or label, series, value; columns that are only told stand in the numbers.
  function shapeOf(rows, told) {
    const names = Object.keys(rows[0]).filter((name) => !told.includes(name));
    const long = names.length === 3 && rows.some((row) => typeof row[names[1]] === 'string');
    if (!long) {
      return { labels: rows.map((row) => show(row[names[0]])), sets: names.slice(1).map((name) => ({ label: name, data: rows.map((row) => row[name]) })) };
    }
    const labels = [...new Set(rows.map((row) => row[names[0]]))];
    const place = new Map(labels.map((label, i) => [label, i]));
    const sets = new Map();
    for (const row of rows) {
      if (!sets.has(row[names[1]])) sets.set(row[names[1]], { label: String(row[names[1]]), data: labels.map(() => null) });
      sets.get(row[names[1]]).data[place.get(row[names[0]])] = row[names[2]];
    }
    return { labels: labels.map((label) => show(label)), sets: [...sets.values()] };
  }
  const markers = ['circle', 'triangle', 'rect', 'rectRot', 'rectRounded', 'circle', 'triangle', 'rect'];
  const dashes = [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 3], [4, 4], [1, 3], [10, 2, 2, 2, 2, 2]];

  function draw(canvas, card, shape) {
    const across = card.kind === 'bars' && shape.labels.some((label) => label.length > 7);
    const line = card.kind === 'line';
    const values = shape.sets.flatMap((set) => set.data.filter(isNumber));
    const fromZero = !line || Math.min(...values) < 0.6 * Math.max(...values);
    const colours = series();
    const room = canvas.parentNode.clientWidth < 480 ? 22 : 34; // letters of a label
    const valueAxis = { beginAtZero: fromZero, grid: { color: css('--line') }, ticks: { color: css('--quiet'), precision: values.every(Number.isInteger) ? 0 : undefined, callback: (value) => show(value, card.unit, true) }, title: { display: Boolean(card.unit), text: unitName(card.unit), color: css('--quiet') }, stacked: card.kind === 'stack' };
    const labelAxis = { grid: { display: false }, ticks: { color: css('--quiet'), maxRotation: 40, autoSkip: !across || shape.labels.length > 24, callback(value) { const text = this.getLabelForValue(value); return text.length > room ? text.slice(0, room - 1) + '…' : text; } }, stacked: card.kind === 'stack' };
    return new Chart(canvas, {
      type: line ? 'line' : 'bar',
      data: {
        labels: shape.labels,
        datasets: shape.sets.map((set, i) => ({
          ...set,
          backgroundColor: colours[i % 8],
          borderColor: colours[i % 8],
          borderWidth: line ? 2 : 0,
          borderDash: line ? dashes[i % 8] : [],
          pointStyle: line ? markers[i % 8] : 'rect',
          pointRadius: line && shape.labels.length < 40 ? 3 : 0,
          pointHitRadius: 8,
          tension: 0,
          spanGaps: false,
          maxBarThickness: 44,
        })),
      },
      options: {
        indexAxis: across ? 'y' : 'x',
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: 'index', intersect: false, axis: across ? 'y' : 'x' },
        scales: across ? { x: valueAxis, y: labelAxis } : { x: labelAxis, y: valueAxis },
        plugins: {
          legend: { display: shape.sets.length > 1, labels: { color: css('--ink'), usePointStyle: true, boxWidth: 10, boxHeight: 10 } },
          tooltip: { callbacks: { label: (item) => item.dataset.label + ': ' + show(item.raw, card.unit) } },
        },
      },
    });
  }

  function addChart(box, card) {
    const shape = shapeOf(card.rows, card.told.split(',').map((name) => name.trim()));
    const place = make('div', null, 'drawing');
    if (card.kind === 'bars' && shape.labels.length > 14) place.style.height = Math.min(44, 6 + shape.labels.length * 1.25) + 'rem';
    const canvas = place.appendChild(make('canvas'));
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', card.title + ': the numbers are in the table below');
    box.append(place);
    const entry = { chart: draw(canvas, card, shape), redraw: () => { entry.chart.destroy(); entry.chart = draw(canvas, card, shape); } };
    charts.push(entry);
    const details = box.appendChild(make('details'));
    details.append(make('summary', 'The numbers'), tableOf(card.rows, card.unit));
  }

  // ------------------------------------------------------------------ maps of cells, cohorts, figures
  // Steps of viridis: light and dark are told apart without colours.
  const steps = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
  function shade(part) {
    const at = Math.max(0, Math.min(1, part)) * (steps.length - 1);
    const low = Math.min(Math.floor(at), steps.length - 2);
    return 'rgb(' + steps[low].map((channel, i) => Math.round(channel + (steps[low + 1][i] - channel) * (at - low))).join(',') + ')';
  }
  const inkOn = (part) => (part > 0.55 ? '#000' : '#fff');

  function mapOf(rows, names, card) {
    const [south, west, north, east, value] = names;
    const box = { s: Math.min(...rows.map((r) => r[south])), w: Math.min(...rows.map((r) => r[west])), n: Math.max(...rows.map((r) => r[north])), e: Math.max(...rows.map((r) => r[east])) };
    // One cell is no map: at least five kilometres or so.
    const least = 0.05;
    const grow = (low, high) => { const more = Math.max(0, least - (box[high] - box[low])) / 2; box[low] -= more; box[high] += more; };
    grow('s', 'n');
    grow('w', 'e');
    const squeeze = Math.cos(((box.s + box.n) / 2) * Math.PI / 180);
    const width = 300;
    const scale = (width - 10) / Math.max((box.e - box.w) * squeeze, 1e-9);
    const height = Math.max(60, Math.min(420, (box.n - box.s) * scale + 24));
    const fit = Math.min(scale, (height - 24) / Math.max(box.n - box.s, 1e-9));
    const most = Math.max(...rows.map((r) => r[value]), 1);
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', `${card.title}: ${rows.length} cells, at most ${show(most, card.unit)}`);
    for (const row of rows) {
      const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
      const set = (name, number) => rect.setAttribute(name, number.toFixed(2));
      set('x', 5 + (row[west] - box.w) * squeeze * fit);
      set('y', 5 + (box.n - row[north]) * fit);
      set('width', Math.max(1.5, (row[east] - row[west]) * squeeze * fit - 0.4));
      set('height', Math.max(1.5, (row[north] - row[south]) * fit - 0.4));
      rect.setAttribute('fill', shade(Math.sqrt(row[value] / most)));
      const title = document.createElementNS('http://www.w3.org/2000/svg', 'title');
      title.textContent = `${show(row[value], card.unit)} at ${((row[south] + row[north]) / 2).toFixed(4)}, ${((row[west] + row[east]) / 2).toFixed(4)}`;
      rect.append(title);
      svg.append(rect);
    }
    const label = document.createElementNS('http://www.w3.org/2000/svg', 'text');
    label.setAttribute('x', 5);
    label.setAttribute('y', height - 5);
    label.textContent = `${box.s.toFixed(3)}…${box.n.toFixed(3)}° N, ${box.w.toFixed(3)}…${box.e.toFixed(3)}° E; ${((box.e - box.w) * squeeze * 111.32).toFixed(1)} km wide`;
    svg.append(label);
    return { svg, most };
  }
  function addMaps(box, card) {
    const names = Object.keys(card.rows[0]);
    const groups = new Map();
    for (const row of card.rows) {
      const key = names.length > 5 ? row[names[5]] : '';
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(row);
    }
    const maps = box.appendChild(make('div', null, 'maps'));
    for (const [name, rows] of groups) {
      const { svg, most } = mapOf(rows, names, card);
      const figure = maps.appendChild(make('figure'));
      figure.append(make('figcaption', name), svg);
      const legend = figure.appendChild(make('div', null, 'source'));
      const bar = make('span', null, 'scale');
      bar.style.background = `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map(shade).join(',')})`;
      legend.append('0', bar, show(most, card.unit));
    }
  }

  // A cohort, or any heat map: of a cohort the first column is the cohort itself, which would drown the others.
  function addCohort(box, card) {
    const [row, column, value] = Object.keys(card.rows[0]);
    const columns = [...new Set(card.rows.map((r) => r[column]))].sort((a, b) => a - b);
    const lines = new Map();
    for (const r of card.rows) {
      if (!lines.has(r[row])) lines.set(r[row], new Map());
      lines.get(r[row]).set(r[column], r[value]);
    }
    const heat = card.kind === 'heat'; // has many columns: the unit is told once
    const most = Math.max(...card.rows.filter((r) => heat || r[column] !== columns[0]).map((r) => r[value]), 1e-9);
    const table = make('table', null, heat ? 'cohort heat' : 'cohort');
    const head = table.appendChild(make('thead')).appendChild(make('tr'));
    head.append(make('th', heat && card.unit ? `${row} (${unitName(card.unit)})` : row));
    for (const name of columns) head.append(make('th', name));
    const body = table.appendChild(make('tbody'));
    for (const [name, cells] of lines) {
      const line = body.appendChild(make('tr'));
      const cell = line.appendChild(make('th', show(name)));
      cell.scope = 'row';
      for (const at of columns) {
        const held = cells.get(at);
        const place = line.appendChild(make('td', held === undefined ? '' : heat && isNumber(held) ? plain(held, 1) : show(held, card.unit)));
        if (isNumber(held)) {
          const part = Math.min(1, held / most);
          place.style.background = shade(part);
          place.style.color = inkOn(part);
        }
      }
    }
    const scroll = box.appendChild(make('div', null, 'scroll'));
    scroll.tabIndex = 0;
    scroll.append(table);
  }

  function addFigures(box, card) {
    const [label, value, before, unit, good] = Object.keys(card.rows[0]);
    const grid = box.appendChild(make('div', null, 'figures'));
    for (const row of card.rows) {
      const figure = grid.appendChild(make('div', null, 'figure'));
      figure.append(make('span', row[label]), make('b', tile(row[value], row[unit])));
      if (isNumber(row[before]) && isNumber(row[value])) {
        const points = row[unit] === 'percent' || row[unit] === 'ratio';
        // A part of nothing, or of less, says nothing: only which way it went.
        const told = points || row[before] > 0;
        const step = points ? (row[value] - row[before]) * (row[unit] === 'ratio' ? 100 : 1) : told ? (row[value] / row[before] - 1) * 100 : row[value] - row[before];
        if (Number.isFinite(step)) {
          const rise = Math.abs(step) < 0.05 ? 0 : Math.sign(step);
          const judged = rise === 0 || !row[good] ? '' : (rise > 0) === (row[good] === 'up') ? 'good' : 'bad';
          const sign = rise > 0 ? '▲ ' : rise < 0 ? '▼ ' : '= ';
          figure.append(make('span', sign + (told ? `${plain(Math.abs(step), 1)} ${points ? 'points' : '%'} (before: ${tile(row[before], row[unit])})` : 'from ' + tile(row[before], row[unit])), judged));
        }
      }
    }
  }

  // ------------------------------------------------------------------ the page
  // A command to be copied into a shell: a name that says more to it than itself is quoted.
  const inShell = (name) => (/^[\w.-]+$/.test(name) ? name : "'" + name.replaceAll("'", "'\\''") + "'");
  const draws = { figures: addFigures, cells: addMaps, cohort: addCohort, heat: addCohort, table: (box, card) => box.append(tableOf(card.rows, card.unit)), line: addChart, bars: addChart, stack: addChart };
  function addCard(parent, card) {
    outcome.cards += 1;
    const bare = card.kind === 'figures' && card.rows && card.rows.length > 0;
    const wide = ['figures', 'cells', 'cohort', 'heat', 'table'].includes(card.kind);
    const box = parent.appendChild(make('section', null, bare ? 'wide' : wide ? 'card wide' : 'card'));
    if (bare) box.style.gridColumn = '1 / -1';
    if (!bare) box.append(make('h3', card.title));
    if (card.note && !bare) box.append(make('p', card.note, 'note'));
    if (card.error) {
      box.append(make('p', 'This figure could not be read: ' + card.error, 'error'));
    } else if (card.rows.length === 0) {
      box.append(make('p', (card.empty.startsWith('No') ? '' : 'No data yet. ') + card.empty.replaceAll('WAREHOUSE', () => inShell(data.warehouse)), 'empty'));
    } else {
      if (card.rows.length > data.mostRows) {
        card.rows.length = data.mostRows;
        box.append(make('p', `Only the first ${data.mostRows} rows are shown.`, 'more'));
      }
      try {
        draws[card.kind](box, card);
      } catch (error) {
        outcome.errors.push(card.title + ': ' + error.message);
        box.append(make('p', 'This figure could not be drawn: ' + error.message, 'error'));
      }
    }
    if (bare && card.note) box.append(make('p', card.note, 'note'));
    if (card.source) box.append(make('p', 'Source: ' + card.source, 'source'));
    outcome.drawn += 1;
  }

  const main = document.getElementById('report');
  const header = main.appendChild(make('header'));
  header.append(make('h1', data.title), make('p', `Warehouse ${data.warehouse} (${data.kind}), as of ${data.madeAt}, times in ${data.timeZone}.`));
  for (const section of data.sections) {
    main.append(make('h2', section.title));
    const cards = main.appendChild(make('div', null, 'cards'));
    for (const card of section.cards) addCard(cards, card);
  }
  document.documentElement.dataset.drawn = `${outcome.drawn} of ${outcome.cards}`;
  document.documentElement.dataset.errors = outcome.errors.join('; ');
  const redraw = () => charts.forEach((entry) => entry.redraw());
  dark.addEventListener('change', redraw);
  window.addEventListener('beforeprint', redraw);
  window.addEventListener('afterprint', redraw);
})();
