import { describe, expect, it } from 'vitest';
import { withoutMarks } from './markup';

describe('marks of HTML in a sentence', () => {
  it('go, whether or not they were opened', () => {
    const said = 'Teil 9: 2018-09<span id="Fn.1"></span><a href="#F1" class="Fn">*</a></sup> gilt, CO<sub>2</sub><br/>auch.';
    expect(withoutMarks(said)).toBe('Teil 9: 2018-09* gilt, CO2 auch.');
  });

  it('are told from what is said', () => {
    for (const said of ['a < b und b > a', 'Luft <absolut> und <i', 'kein Zeichen']) expect(withoutMarks(said)).toBe(said);
  });
});
