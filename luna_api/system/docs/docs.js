/* Reads openapi.json from this very server and lets each call be tried. No library, no request to anywhere else. */
'use strict';

const el = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

const resolve = (document_, schema) => {
  const name = schema?.$ref?.split('/').pop();
  return name ? document_.components.schemas[name] : schema;
};

function sample(document_, schema, depth = 0) {
  const plain = resolve(document_, schema) ?? {};
  if (plain.examples?.length) return plain.examples[0];
  if (plain.default !== undefined) return plain.default;
  if (plain.enum) return plain.enum[0];
  const choice = plain.oneOf ?? plain.anyOf;
  if (choice) return sample(document_, choice.find((one) => one.type !== 'null') ?? choice[0], depth);
  const type = Array.isArray(plain.type) ? plain.type.find((one) => one !== 'null') : plain.type;
  if (type === 'object' || plain.properties) {
    if (depth > 4) return {};
    return Object.fromEntries(
      Object.entries(plain.properties ?? {}).map(([key, value]) => [key, sample(document_, value, depth + 1)]),
    );
  }
  if (type === 'array') return depth > 4 ? [] : [sample(document_, plain.items ?? {}, depth + 1)];
  if (type === 'integer' || type === 'number') return plain.minimum ?? 0;
  if (type === 'boolean') return false;
  if (plain.format === 'uuid') return '00000000-0000-4000-8000-000000000000';
  if (plain.format === 'date') return '2025-01-01';
  if (plain.format === 'date-time') return '2025-01-01T00:00:00Z';
  return type === 'string' ? '' : null;
}

const identity = () => {
  const headers = {};
  for (const input of document.querySelectorAll('#identity input[name]')) {
    if (input.value.trim() !== '') headers[input.name] = input.value.trim();
  }
  return headers;
};

async function send(method, path, form, output) {
  let address = path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll('[data-in]')) {
    if (input.value === '') continue;
    if (input.dataset.in === 'path') address = address.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else query.set(input.name, input.value);
  }
  const options = { method: method.toUpperCase(), headers: identity() };
  const body = form.querySelector('textarea');
  if (body) {
    options.headers['Content-Type'] = 'application/json';
    options.body = body.value;
  }
  if (form.querySelector('[data-field]')) {
    options.body = new FormData();
    for (const input of form.querySelectorAll('[data-field]')) {
      if (input.type === 'file') [...input.files].forEach((file) => options.body.append(input.name, file));
      else if (input.value !== '') options.body.append(input.name, input.value);
    }
  }
  output.textContent = '…';
  try {
    const tail = query.toString();
    const response = await fetch(tail ? `${address}?${tail}` : address, options);
    const text = await response.text();
    let shown = text;
    try {
      shown = JSON.stringify(JSON.parse(text), null, 1);
    } catch {
      // not JSON: shown as it came
    }
    output.textContent = `${response.status} ${response.statusText}\n\n${shown.slice(0, 200000)}`;
  } catch (fault) {
    output.textContent = `Keine Antwort: ${fault.message}`;
  }
}

function operation(document_, path, method, call) {
  const form = el('form');
  const rows = (call.parameters ?? []).map((parameter) => {
    const input = el('input', { name: parameter.name, 'data-in': parameter.in });
    return el('tr', {}, el('td', {}, el('code', {}, parameter.name)), el('td', {}, parameter.in),
      el('td', {}, input), el('td', {}, parameter.description ?? ''));
  });
  const content = call.requestBody?.content ?? {};
  if (content['multipart/form-data']) {
    const schema = resolve(document_, content['multipart/form-data'].schema);
    for (const [name, property] of Object.entries(schema.properties)) {
      const type = property.format === 'binary' ? 'file' : 'text';
      const input = el('input', { name, type, 'data-field': '' });
      if (property.default !== undefined) input.placeholder = String(property.default);
      rows.push(el('tr', {}, el('td', {}, el('code', {}, name)), el('td', {}, 'form'), el('td', {}, input),
        el('td', {}, property.description ?? '')));
    }
  }
  if (rows.length > 0) form.append(el('table', {}, ...rows));
  if (content['application/json']) {
    const text = el('textarea', { 'aria-label': 'Inhalt der Anfrage (JSON)' });
    text.value = JSON.stringify(sample(document_, content['application/json'].schema), null, 1);
    form.append(text);
  }
  const output = el('pre', { 'aria-live': 'polite' });
  form.append(el('p', {}, el('button', { type: 'submit' }, 'Ausprobieren')));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(method, path, form, output);
  });
  const answers = Object.entries(call.responses).map(([code, response]) => {
    const schema = Object.values(response.content ?? {})[0]?.schema;
    const name = schema?.$ref?.split('/').pop() ?? '';
    return el('tr', {}, el('td', {}, code), el('td', {}, response.description ?? ''), el('td', {}, el('code', {}, name)));
  });
  const example = el('details', {}, el('summary', {}, 'Form der Antwort'));
  example.addEventListener('toggle', () => {
    if (example.querySelector('pre') === null) {
      const schema = call.responses['200']?.content?.['application/json']?.schema ?? {};
      example.append(el('pre', {}, JSON.stringify(sample(document_, schema), null, 1)));
    }
  });
  return el('details', { 'data-text': `${method} ${path} ${call.description ?? ''}`.toLowerCase() },
    el('summary', {}, el('span', { class: `method ${method}` }, method), el('code', {}, path), call.summary ?? ''),
    el('div', { class: 'body' }, el('p', {}, call.description ?? ''), form, output, el('table', {}, ...answers), example));
}

async function main() {
  const response = await fetch('/api/v1/docs/openapi.json');
  const document_ = await response.json();
  document.getElementById('version').textContent = document_.info.version;
  const place = document.getElementById('operations');
  place.replaceChildren();
  for (const tag of document_.tags) {
    const section = el('section', {}, el('h2', {}, tag.description));
    for (const [path, methods] of Object.entries(document_.paths)) {
      for (const [method, call] of Object.entries(methods)) {
        if ((call.tags ?? [])[0] === tag.name) section.append(operation(document_, path, method, call));
      }
    }
    place.append(section);
  }
  document.getElementById('filter').addEventListener('input', (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const one of place.querySelectorAll('details[data-text]')) one.hidden = !one.dataset.text.includes(wanted);
  });
}

main().catch((fault) => {
  document.getElementById('operations').textContent = `Die Beschreibung ließ sich nicht laden: ${fault.message}`;
});
