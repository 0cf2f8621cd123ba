// Checks of a page as it stands, run inside it by test_page.py; each gives back what it objects to.
({
  // What a control is called, roughly as the accessible name is computed.
  nameless() {
  const named = (e) => (e.getAttribute('aria-label') || '').trim()
    || (e.getAttribute('aria-labelledby') || '').split(' ').map(id => document.getElementById(id)?.textContent || '').join('').trim()
    || (e.labels && [...e.labels].map(l => l.textContent).join('').trim())
    || (['A', 'BUTTON', 'SUMMARY'].includes(e.tagName) && e.textContent.trim()) || e.title || e.alt;
  return [...document.querySelectorAll('button, a[href], input, textarea, select, summary, img, [role=button]')]
    .filter(e => !named(e)).map(e => e.outerHTML.slice(0, 160));
},

  doubledIds() {
    const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at);
  },

  // Controls and headings that the round button of the help lies on.
  underHelp() {
    const help = [...document.querySelectorAll('main [aria-label="Hilfe zu dieser Seite"]')].find((e) => e.getBoundingClientRect().width > 0);
    if (help === undefined) return [];
    const a = help.getBoundingClientRect();
    return [...document.querySelectorAll('main button, main a[href], main input, main select, main h1, main h2')].filter((e) => {
      const b = e.getBoundingClientRect();
      return e !== help && b.width > 0 && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    }).map((e) => e.outerHTML.slice(0, 160));
  },

  // Controls whose ring of focus is cut off by what holds them, though they themselves are all there.
  cutRings() {
    const found = [];
    for (const e of document.querySelectorAll('button:not(:disabled), a[href], input, textarea, select, summary')) {
      if (e.getClientRects().length !== 1 || e.classList.contains('ringless') || e.closest('.sr-only')) continue;
      e.focus({ focusVisible: true });
      const style = getComputedStyle(e);
      const reach = parseFloat(style.outlineOffset) + parseFloat(style.outlineWidth);
      const a = e.getBoundingClientRect();
      for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) {
        if (getComputedStyle(p).overflowX === 'visible') continue;
        const b = p.getBoundingClientRect();
        // A side that can be scrolled to is not cut off; focused by a key, the element is brought into view.
        const sides = p.scrollHeight > p.clientHeight ? [[a.left, b.left], [b.right, a.right]] : [[a.left, b.left], [b.right, a.right], [a.top, b.top], [b.bottom, a.bottom]];
        if (sides.some(([x, y]) => x - y > -0.5 && x - y < reach - 0.5)) {
          found.push(e.outerHTML.slice(0, 160));
          break;
        }
      }
    }
    return found;
  },

  // What sticks out to the right, and panes that can be scrolled sideways.
  tooWide() {
  const clipped = (e) => { for (let p = e.parentElement; p; p = p.parentElement) {
    const x = getComputedStyle(p).overflowX; if (p !== document.body && (x === 'auto' || x === 'scroll' || x === 'hidden' || x === 'clip')) return true; }
    return false; };
  const wide = [...document.querySelectorAll('body *')].filter(e => {
    const r = e.getBoundingClientRect(); return r.width > 0 && r.right > innerWidth + 1 && !clipped(e); });
  return { page: document.documentElement.scrollWidth, elements: wide.map(e => e.outerHTML.slice(0, 160)),
    panes: [...document.querySelectorAll('main *')].filter(e => /auto|scroll/.test(getComputedStyle(e).overflowY)
      && e.scrollWidth > e.clientWidth + 1 && e.clientHeight > 200).map(e => e.className) };
},

  // Text whose contrast with what lies behind it is below WCAG AA. Colours are painted on a canvas to be read as sRGB.
  lowContrast() {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (c) => { context.clearRect(0, 0, 1, 1); context.fillStyle = c; context.fillRect(0, 0, 1, 1);
    const d = context.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const behind = (e) => { const layers = []; for (let p = e; p; p = p.parentElement) { const c = rgba(getComputedStyle(p).backgroundColor);
    layers.push(c); if (c[3] === 1) break; } return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255, 1]); };
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || e.closest('svg, :disabled, noscript, script, .sr-only')) continue;
    const style = getComputedStyle(e); const box = e.getBoundingClientRect();
    if (box.width === 0 || style.visibility === 'hidden' || style.opacity === '0') continue;
    const back = behind(e); const a = light(over(rgba(style.color), back)); const b = light(back);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize); const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${e.outerHTML.slice(0, 140)}`);
  }
  return found;
},
})
